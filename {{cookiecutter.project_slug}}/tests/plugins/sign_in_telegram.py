"""Signing in as anybody, with init data that a bot of the tests has signed."""

import json
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlencode
from zlib import crc32

import pytest

from app.auth.telegram_init_data import secret_key, sign

BOT_TOKEN = "1234567890:" + "fake-token-for-tests-only".ljust(35, "x")


def init_data(fields: Mapping[str, str], *, token: str = BOT_TOKEN) -> str:
    """Init data as Telegram would sign it."""
    return urlencode({**fields, "hash": sign(fields, secret_key(token))})


def fields_of(name: str, *, signed_at: float | None = None) -> dict[str, str]:
    """The fields of init data for the person of this name, signed now."""
    user = {"id": crc32(name.encode()) + 1, "first_name": name, "language_code": "en"}
    return {"auth_date": str(int(signed_at or time.time())), "user": json.dumps(user)}


@pytest.fixture
def sign_in() -> Callable[[str], dict[str, str]]:
    """Request headers that sign in the person of a name."""
    return lambda name: {"Authorization": f"tma {init_data(fields_of(name))}"}


@pytest.fixture
def sign_in_settings(sign_in_settings: dict[str, str]) -> dict[str, str]:
    """The bot of the tests."""
    return sign_in_settings | {
        "telegram_bot_tokens": BOT_TOKEN,
        "access_token_keys": "test:visibly-fake-signing-key-0123456789",
    }
