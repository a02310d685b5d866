"""The environment of a test run: nothing of the developer's own settings gets in."""

import os
from collections.abc import Iterator

import pytest
import structlog

from app.core.settings import Settings, get_settings


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No setting but `ENVIRONMENT=test`, whatever the shell and `.env` of the developer say."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("ENVIRONMENT", "test")
    monkeypatch.setitem(Settings.model_config, "env_file", None)
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
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        yield lines


def pytest_sessionstart() -> None:
    """Logging is set up once per process by the server; tests keep it quiet."""
    os.environ.setdefault("ENVIRONMENT", "test")
    structlog.configure(processors=[structlog.testing.LogCapture()])
