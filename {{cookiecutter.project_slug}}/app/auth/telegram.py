"""Sign-in with Telegram: `Authorization: tma`, followed by the init data of a Mini App, or by the access token it was exchanged for."""

import re
import time
from collections.abc import Callable
from typing import Final

from fastapi.security import APIKeyHeader

from app.auth.access_tokens import AccessTokens
from app.auth.principal import Authenticator, Principal, SignInError, credentials_of
from app.auth.telegram_init_data import (
    HashProof,
    InitData,
    Proof,
    SignatureProof,
    TelegramUser,
    public_key,
    read_init_data,
    without_control_characters,
)
from app.core.i18n import MAX_TAG, TAG
from app.core.logging import get_logger
from app.core.settings import Settings
from app.core.settings.telegram import TelegramSettings

PROVIDER: Final = "telegram"
SCHEME: Final = "tma"
MAX_NAME: Final = 200
# Three parts of base64url (RFC 7515 7.1). Init data is never mistaken for one: it has an `=` after every name.
_ACCESS_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")

log = get_logger(__name__)

# An API key in the document, because tools know no `tma` scheme; the whole header value is pasted.
SECURITY = APIKeyHeader(
    name="Authorization",
    scheme_name="TelegramInitData",
    description="`tma ` followed by `Telegram.WebApp.initData`, or by the access token that it was exchanged for",
    auto_error=False,
)


class TelegramAuthenticator(Authenticator):
    """Accepts access tokens of the exchange and, unless `telegram_direct` is off, init data itself until it is too old."""

    schemes = (SCHEME,)

    def __init__(
        self, settings: Settings, *, proof: Proof | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._proof = proof or proof_of(settings)
        self._tokens = access_tokens(settings)
        self._direct = settings.telegram_direct
        self._max_age = settings.telegram_max_age
        self._clock = clock

    async def authenticate(self, authorization: list[str]) -> Principal:
        """The Telegram user whom the token names, or who opened the Mini App; otherwise `SignInError`."""
        credentials = credentials_of(authorization, SCHEME)
        if _ACCESS_TOKEN.fullmatch(credentials):
            token = self._tokens.verify(credentials)
            return Principal(PROVIDER, token.subject, expires_at=token.expires_at)
        if not self._direct:
            raise SignInError("not_exchanged")
        data = read_init_data(credentials, self._proof, now=self._clock(), max_age=self._max_age)
        log.debug("init data accepted", bot=data.bot)
        return principal_of(data, max_age=self._max_age)


class TelegramExchange:
    """Exchanges init data that is young enough for an access token. Whether it was exchanged before is not known here."""

    def __init__(
        self, settings: Settings, *, proof: Proof | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self.max_age = settings.telegram_exchange_max_age
        self._proof = proof or proof_of(settings)
        self._tokens = access_tokens(settings)
        self._clock = clock

    @property
    def lifetime(self) -> int:
        """Seconds that an access token is valid."""
        return self._tokens.lifetime

    def read(self, authorization: list[str]) -> InitData:
        """The init data of the header, or `SignInError`."""
        credentials = credentials_of(authorization, SCHEME)
        return read_init_data(credentials, self._proof, now=self._clock(), max_age=self.max_age)

    def issue(self, data: InitData) -> str:
        """An access token for the person of the init data."""
        return self._tokens.issue(str(data.user.id))


def proof_of(settings: TelegramSettings) -> Proof:
    """The proof that the settings ask for."""
    if settings.telegram_verify == "signature":
        return SignatureProof(settings.telegram_bots, public_key(settings.telegram_environment))
    return HashProof([token.get_secret_value() for token in settings.telegram_bot_tokens])


def access_tokens(settings: Settings) -> AccessTokens:
    """The access tokens that init data is exchanged for."""
    return AccessTokens(settings, audience=PROVIDER)


def principal_of(data: InitData, *, max_age: int) -> Principal:
    """The person of the init data. A Telegram user has one id for all bots, so the bot makes no difference."""
    return Principal(
        PROVIDER,
        str(data.user.id),
        display_name=_display_name(data.user),
        locale=_locale(data.user),
        expires_at=float(data.signed_at + max_age),
    )


def _display_name(user: TelegramUser) -> str:
    name = without_control_characters(f"{user.first_name} {user.last_name}").strip()
    return (name or without_control_characters(user.username) or f"Telegram {user.id}")[:MAX_NAME]


def _locale(user: TelegramUser) -> str:
    """An IETF tag, says Telegram: what is none is left out."""
    return user.language_code if re.fullmatch(TAG, user.language_code[: MAX_TAG + 1]) else ""
