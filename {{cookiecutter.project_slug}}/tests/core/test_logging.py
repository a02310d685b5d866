"""Log lines: one JSON object each, with nothing secret in them."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from app.core.logging import configure_logging, get_logger


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, configuration = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.configure(**configuration)


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_our_line_and_a_librarys_have_the_same_shape(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="INFO", log_format="json")

    get_logger("app.test").info("ours", number=1)
    logging.getLogger("library").warning("theirs %s", "too")

    ours, theirs = _lines(capsys)
    assert (ours["event"], ours["level"], ours["source"], ours["number"]) == ("ours", "info", "app.test", 1)
    assert (theirs["event"], theirs["level"], theirs["source"]) == ("theirs too", "warning", "library")
    assert str(ours["timestamp"]).endswith("Z")


def test_traceback_is_a_field_of_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="INFO", log_format="json")

    try:
        int("broken")
    except ValueError:
        get_logger("app.test").exception("failed")

    (line,) = _lines(capsys)
    assert "ValueError: invalid literal" in str(line["exception"])


@pytest.mark.parametrize(
    "fields",
    [
        {"password": "hunter2"},
        {"Authorization": "hunter2"},
        {"access_token": "hunter2"},
        {"api_key": "hunter2"},
        {"nested": {"client_secret": "hunter2", "deeper": {"cookie": "hunter2"}}},
        {"cookies": ["hunter2", "hunter2"]},
        {"token": {"value": "hunter2"}},
        {"db_pwd": "hunter2"},
        {"url": "postgresql://user:a@hunter2/b@host/name"},
        {"header": "Bearer hunter2"},
        {"header": "anything eyJhbGciOiJIUzI1NiJ9.hunter2.c2lnbmF0dXJl"},
        {"header": "anything=1&signature=hunter2&hash=hunter2"},
        {"url": "postgresql://user:hunter2@host/name"},
        {"lines": ["see redis://:hunter2@host"]},
    ],
)
def test_secret_is_masked_wherever_it_stands(capsys: pytest.CaptureFixture[str], fields: dict[str, object]) -> None:
    configure_logging(level="INFO", log_format="json")

    get_logger("app.test").info("something", **fields)
    logging.getLogger("library.child").warning("%s", json.dumps(fields.get("header") or fields.get("url") or ""))

    output = capsys.readouterr().out
    assert "***" in output
    assert "hunter2" not in output


def test_lines_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="WARNING", log_format="json")

    get_logger("app.test").info("quiet")
    logging.getLogger("library").info("quiet")

    assert capsys.readouterr().out == ""


def test_console_format_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="INFO", log_format="console")

    get_logger("app.test").info("hello", number=1)

    assert "hello" in capsys.readouterr().out
