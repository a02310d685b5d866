"""Sign-in with the init data of a Telegram Mini App, sent as `Authorization: tma <init data>`.

Source of the rules: https://core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app. The signature comes first and the meaning
second: nothing but the query string is parsed before the signature is checked, and whatever could be read in two ways is refused.
"""

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Security
from fastapi.security import APIKeyHeader
from pydantic import BaseModel, Field, Json, ValidationError

from app.auth.principal import Authenticator, Locale, Principal, SignInError, credentials_of
from app.core.settings.telegram import TelegramSettings

MAX_BYTES = 4096
MAX_FIELDS = 24
MAX_SKEW_SECONDS = 30
MAX_NAME = 200
_HASH = re.compile(r"[0-9a-f]{64}")
_AUTH_DATE = re.compile(r"[1-9][0-9]{0,11}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

# An API key in the document, because tools know no `tma` scheme; the whole header value is pasted.
SECURITY = [
    Security(
        APIKeyHeader(
            name="Authorization",
            scheme_name="TelegramInitData",
            description="`tma ` followed by `Telegram.WebApp.initData`",
            auto_error=False,
        )
    )
]


class TelegramUser(BaseModel):
    """The person who opened the Mini App. Ids have up to 52 significant bits."""

    id: Annotated[int, Field(gt=0, lt=2**52)]
    first_name: str = ""
    last_name: str = ""
    username: str = ""
    language_code: str = ""


class InitData(BaseModel):
    """The fields of init data that are used."""

    user: Json[TelegramUser]


class TelegramAuthenticator(Authenticator):
    """Accepts init data that the bot's Mini App got from Telegram, until it is `telegram_max_age` seconds old."""

    schemes = ("tma",)

    def __init__(self, settings: TelegramSettings, *, clock: Callable[[], float] = time.time) -> None:
        if settings.telegram_bot_token is None:
            raise ValueError("TELEGRAM_BOT_TOKEN is not set")
        self._key = secret_key(settings.telegram_bot_token.get_secret_value())
        self._max_age = settings.telegram_max_age
        self._clock = clock

    async def authenticate(self, authorization: list[str]) -> Principal:
        """The Telegram user who opened the Mini App, or `SignInError`."""
        init_data = credentials_of(authorization, "tma")
        fields = verified_fields(init_data, self._key)
        _check_age(fields.get("auth_date", ""), now=self._clock(), max_age=self._max_age)
        return _principal(fields)


def secret_key(bot_token: str) -> bytes:
    """The key that init data of this bot is signed with; derived once, when the service starts."""
    return hmac.digest(b"WebAppData", bot_token.encode(), hashlib.sha256)


def check_string(fields: Mapping[str, str]) -> str:
    """What Telegram signs: every field but `hash`, sorted, one to a line."""
    return "\n".join(sorted(f"{name}={value}" for name, value in fields.items() if name != "hash"))


def sign(fields: Mapping[str, str], key: bytes) -> str:
    """The `hash` of init data, as 64 lower-case hexadecimal digits."""
    return hmac.digest(key, check_string(fields).encode(), hashlib.sha256).hex()


def verified_fields(init_data: str, key: bytes) -> Mapping[str, str]:
    """The decoded fields of init data whose `hash` was made with the bot's key, or `SignInError`."""
    fields = _parse(init_data)
    claimed = fields.get("hash", "")
    if not _HASH.fullmatch(claimed):
        raise SignInError("unsigned")
    if not hmac.compare_digest(sign(fields, key), claimed):
        raise SignInError("forged")
    return fields


def _parse(init_data: str) -> dict[str, str]:
    if len(init_data) > MAX_BYTES or not init_data.isascii():
        raise SignInError("malformed")
    try:
        pairs = parse_qsl(
            init_data, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MAX_FIELDS
        )
    except ValueError:  # UnicodeDecodeError included
        raise SignInError("malformed") from None
    fields = dict(pairs)
    # The check string joins fields with line feeds: a repeated name, or a line feed inside one, would give one signed text two readings.
    if len(fields) != len(pairs) or any(_CONTROL.search(name + value) for name, value in pairs):
        raise SignInError("ambiguous")
    return fields


def _check_age(auth_date: str, *, now: float, max_age: int) -> None:
    if not _AUTH_DATE.fullmatch(auth_date):
        raise SignInError("malformed")
    signed_at = int(auth_date)
    if signed_at > now + MAX_SKEW_SECONDS:
        raise SignInError("from_the_future")
    if signed_at + max_age < now:
        raise SignInError("expired")


def _principal(fields: Mapping[str, str]) -> Principal:
    try:
        user = InitData.model_validate(fields).user
    except ValidationError:
        raise SignInError("no_user") from None
    return Principal("telegram", str(user.id), display_name=_display_name(user), locale=_locale(user))


def _display_name(user: TelegramUser) -> str:
    """People may put anything into their names; the control characters among it stay out of the database."""
    name = _CONTROL.sub("", f"{user.first_name} {user.last_name}").strip()
    return (name or user.username or f"Telegram {user.id}")[:MAX_NAME]


def _locale(user: TelegramUser) -> Locale:
    return "fr" if user.language_code.lower().startswith("fr") else "en"
