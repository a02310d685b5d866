"""Signing in where nobody needs to: every request is the gateway's."""

from collections.abc import Callable

import pytest
from pydantic import SecretStr


@pytest.fixture
def sign_in() -> Callable[[str], dict[str, str]]:
    """No headers, whoever asks."""
    return lambda _name: {}


@pytest.fixture
def sign_in_settings() -> dict[str, SecretStr]:
    """No settings."""
    return {}
