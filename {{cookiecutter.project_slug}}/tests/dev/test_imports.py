"""The import check: what a module does when it is imported is told."""

from pathlib import Path

import pytest

from dev.imports import check


def write(root: Path, name: str, text: str) -> None:
    path = root / "app" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("import nothing_of_this_name", "cannot import app.bad", id="missing module"),
        pytest.param('import os\nos.environ["DATABASE_URL"]', "cannot import app.bad", id="environment"),
        pytest.param("raise SystemExit(0)", "cannot import app.bad", id="exit"),
        pytest.param('open("settings.toml")', "cannot import app.bad", id="file of the working folder"),
        pytest.param(
            'import socket\nsocket.create_connection(("127.0.0.1", 5432))', "must not do this: socket", id="connection"
        ),
        pytest.param(
            'import subprocess, sys\nsubprocess.run([sys.executable, "-c", ""])',
            "must not do this: subprocess",
            id="process",
        ),
    ],
)
def test_import_that_needs_or_does_something_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    write(tmp_path, "main.py", "app = 1")
    write(tmp_path, "bad.py", text)

    result = check(tmp_path)

    assert result.returncode == 1
    assert expected in result.stderr


def test_main_without_an_application_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "main.py", "application = 1")

    assert "app.main has no `app`" in check(tmp_path).stderr


def test_every_broken_module_is_told(tmp_path: Path) -> None:
    write(tmp_path, "main.py", "app = 1")
    write(tmp_path, "one.py", "1 / 0")
    write(tmp_path, "room/__init__.py", "1 / 0")

    told = check(tmp_path).stderr

    assert "cannot import app.one:" in told
    assert "cannot import app.room:" in told
