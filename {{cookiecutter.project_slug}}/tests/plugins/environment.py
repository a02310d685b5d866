"""The environment of a test run: no setting of the machine gets in, neither a variable nor the developer's `.env`."""

import os
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from unittest.mock import patch

import pytest
import structlog

from app.core.settings import get_settings
from app.core.settings.base import SettingsGroup

ROOT: Final = Path(__file__).resolve().parents[2]
CONTRACT: Final = ROOT / "contracts" / "openapi.yaml"
# What a process needs to run at all, and what pytest and coverage pass to their workers. Everything else is a setting of somebody's.
_KEPT: Final = (
    "PATH",
    "HOME",
    "PG_BIN",
    "TMP",
    "TEMP",
    "SYSTEMROOT",
    "LANG",
    "LC_",
    "PYTHON",
    "PYTEST_",
    "COV_",
    "COVERAGE_",
    "VIRTUAL_ENV",
)
# A database to test on is taken before the first test: see `given_server_url`. The tests themselves do not see it.
_GIVEN: Final = ("DATABASE_URL",)


def pytest_configure() -> None:
    """Take the machine's settings away, once for each process of the run."""
    for name in set(os.environ) - set(_GIVEN):
        if not name.upper().startswith(_KEPT):
            del os.environ[name]
    os.environ["ENVIRONMENT"] = "test"
    SettingsGroup.env_file = None
    structlog.configure(processors=[_show_traceback, structlog.testing.LogCapture()])


def _show_traceback(_logger: object, _method: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Print the error behind a 500, so that pytest shows it with the test that met it."""
    if line.get("exc_info"):
        traceback.print_exc()
    return line


@pytest.fixture(autouse=True)
def clean_environment() -> Iterator[None]:
    """Settings as if nobody had set any, read again; what the test or its code sets ends with it."""
    with patch.dict(os.environ):
        for name in _GIVEN:
            os.environ.pop(name, None)
        get_settings.cache_clear()
        yield
    get_settings.cache_clear()


@pytest.fixture
def sign_in_settings() -> dict[str, str]:
    """The settings that make the service believe `sign_in`; each provider's plugin adds its own."""
    return {}


@pytest.fixture
def logs() -> Iterator[list[structlog.typing.EventDict]]:
    """The lines that our code logs during the test, as dictionaries."""
    processors = [structlog.contextvars.merge_contextvars, _show_traceback]
    with structlog.testing.capture_logs(processors=processors) as lines:
        yield lines
