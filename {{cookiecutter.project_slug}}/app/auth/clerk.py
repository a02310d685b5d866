"""Sign-in with the session token of Clerk: `Authorization: Bearer <token>`.

Source of the rules: https://clerk.com/docs/guides/sessions/manual-jwt-verification. One instance signs tokens of many kinds with one key, for machines and
templates too: only those of a person's session are accepted. No cookie is read: what a browser sends by itself, another site can make it send.
"""

import json
import re
import time
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Callable, Set as AbstractSet
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, Protocol

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from fastapi.security import HTTPBearer

from app.auth.clerk_permissions import Claims, permissions_of
from app.auth.jwks import JwksCache, KeysUnavailableError, fetch_document
from app.auth.principal import Authenticator, Principal, SignInError, credentials_of
from app.auth.token_errors import reason_of
from app.core.errors import Unavailable
from app.core.settings.clerk import ClerkSettings

PROVIDER: Final = "clerk"
MAX_TOKEN_BYTES: Final = 8192
LEEWAY_SECONDS: Final = 5
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_USER = re.compile(r"user_[A-Za-z0-9_-]{1,128}")
_SESSION = re.compile(r"sess_[A-Za-z0-9_-]{1,128}")
_KEY_ID = re.compile(r"[\x20-\x7e]{1,128}")
# `cat` of session tokens, in either notation of Clerk's; tokens from before it was introduced have none.
_SESSION_CATEGORIES: Final = (None, "cl_B7d4PD111AAA", "cl_I7d4PD111III")
_TIMES: Final = ("exp", "iat", "nbf")
_REQUIRED: Final = [*_TIMES, "iss", "sub", "sid"]

SECURITY = HTTPBearer(
    scheme_name="ClerkSession",
    bearerFormat="JWT",
    description="the token of `Clerk.session.getToken()`",
    auto_error=False,
)


class _Keys(Protocol):
    async def get(self, kid: str) -> RSAPublicKey | None:
        """The key of an id; None when there is none."""


class _GivenKey:
    """A key from the settings, whatever its id, or none at all: nothing is fetched."""

    def __init__(self, key: RSAPublicKey | None) -> None:
        self._key = key

    async def get(self, _kid: str) -> RSAPublicKey | None:
        return self._key


class ClerkAuthenticator(Authenticator):
    """Accepts session tokens of one Clerk instance. `clock` measures how old its keys are, in seconds."""

    schemes = ("Bearer",)

    def __init__(self, settings: ClerkSettings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._issuer = settings.clerk_issuer
        self._audience = settings.clerk_audience or None
        self._parties = {*settings.clerk_authorized_parties, *([None] if settings.clerk_native_apps else [])}
        self._keys_url = settings.clerk_keys_url
        self._keys: _Keys = _GivenKey(settings.clerk_public_key)
        self._clock = clock

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep Clerk's keys, unless one is given. The service starts without waiting for them, and without them."""
        if self._keys_url is None:
            yield
            return
        cache = JwksCache(partial(fetch_document, self._keys_url), clock=self._clock)
        self._keys = cache
        async with cache.running():
            yield

    async def authenticate(self, authorization: list[str]) -> Principal:
        """The Clerk user whose session it is, or `SignInError`; `Unavailable` while Clerk's keys are out of reach.

        Never a refusal for want of keys: a client that gets one signs its user out.
        """
        token = credentials_of(authorization, "Bearer")
        key = await self._key(_key_id(token))
        claims = _verified_claims(token, key, self._issuer, self._audience)
        self._check_session(claims)
        return Principal(
            PROVIDER,
            str(claims["sub"]),
            permissions=permissions_of(claims),
            expires_at=_seconds(claims, "exp"),
            impersonated_by=_actor(claims),
        )

    async def _key(self, kid: str) -> RSAPublicKey:
        try:
            key = await self._keys.get(kid)
        except KeysUnavailableError as error:
            raise Unavailable(retry_after=error.retry_after) from None
        if key is None:
            raise SignInError("unknown_key")
        return key

    def _check_session(self, claims: Claims) -> None:
        if not _matches(_USER, claims["sub"]) or not _matches(_SESSION, claims["sid"]):
            raise SignInError("no_session")
        if self._parties and not _is_one_of(claims.get("azp"), self._parties):
            raise SignInError("wrong_party")
        if claims.get("sts", "active") != "active":  # such as one that must choose an organisation first
            raise SignInError("pending")


def _key_id(token: str) -> str:
    """The id of the key that a token says it is signed with, if the token can be a session's at all."""
    if len(token) > MAX_TOKEN_BYTES or not _TOKEN.fullmatch(token):
        raise SignInError("malformed")
    header = _json_object(token.partition(".")[0])
    kid = header.get("kid")
    if not isinstance(kid, str) or not _KEY_ID.fullmatch(kid):
        raise SignInError("malformed")
    if header.get("alg") != "RS256" or header.get("typ") != "JWT" or "crit" in header:
        raise SignInError("wrong_type")
    if header.get("cat") not in _SESSION_CATEGORIES:
        raise SignInError("wrong_type")
    return kid


def _verified_claims(token: str, key: RSAPublicKey, issuer: str | None, audience: list[str] | None) -> Claims:
    """The claims of a token of the issuer that is signed and valid now."""
    if issuer is None:
        raise SignInError("no_issuer")
    try:
        jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            issuer=issuer,
            audience=audience,
            leeway=LEEWAY_SECONDS,
            options={"require": _REQUIRED},
        )
    except jwt.PyJWTError as error:
        raise SignInError(reason_of(error)) from None
    claims = _json_object(token.split(".")[1])
    for name in _TIMES:
        _seconds(claims, name)
    return claims


def _json_object(segment: str) -> Claims:
    """A part of a token, read strictly: a name that stands there twice would have two readings."""
    try:
        value = json.loads(urlsafe_b64decode(segment + "=" * (-len(segment) % 4)), object_pairs_hook=_unambiguous)
    except (ValueError, RecursionError):
        raise SignInError("malformed") from None
    if not isinstance(value, dict):
        raise SignInError("malformed")
    return value


def _unambiguous(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a name stands there twice")
    return fields


def _seconds(claims: Claims, name: str) -> float:
    """A time of a token, which PyJWT would take from a text too."""
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SignInError("malformed")
    return float(value)


def _is_one_of(value: object, accepted: AbstractSet[str | None]) -> bool:
    return (value is None or isinstance(value, str)) and value in accepted


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _actor(claims: Claims) -> str:
    """Clerk lets the people who run an instance act as its users; empty where nobody does."""
    actor = claims.get("act")
    if actor is None:
        return ""
    return str(actor.get("sub") or "unknown") if isinstance(actor, dict) else "unknown"
