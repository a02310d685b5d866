"""The dependencies of the routes of accounts and sessions."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Annotated

from fastapi import Depends
from fastapi.exceptions import RequestValidationError
from fastapi.requests import HTTPConnection

from app.auth.access_tokens import AccessTokens
from app.auth.jwt import AUDIENCE
from app.auth.principal import challenge
from app.core.errors import NotAuthenticated
from app.core.logging import get_logger
from app.core.rate_limit import RateLimiter, address_of
from app.core.settings import Settings
from app.services.accounts_passwords import Passwords
from app.services.sessions import Rules

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SignInParts:
    """What signing in is made of; one for each application."""

    passwords: Passwords
    access_tokens: AccessTokens
    rules: Rules


@dataclass(frozen=True, slots=True)
class FailedAttempts:
    """The failed sign-ins from one address, and those of one login name, whether it exists or not."""

    limiter: RateLimiter
    keys: tuple[str, ...]

    async def check(self) -> None:
        """Raise `TooManyRequests` when either has too many."""
        for key in self.keys:
            await self.limiter.check_failed_sign_ins(key)

    async def count(self) -> None:
        """Count one for both."""
        for key in self.keys:
            await self.limiter.count_failed_sign_in(key)


async def get_parts(connection: HTTPConnection) -> SignInParts:
    """The parts of this application, made on first use."""
    state = connection.app.state
    if not hasattr(state, "sign_in_parts"):
        state.sign_in_parts = build_parts(state.settings)
    parts: SignInParts = state.sign_in_parts
    return parts


def build_parts(settings: Settings) -> SignInParts:
    """The parts as the settings want them."""
    rules = Rules(
        secret_key=settings.pseudonym_key,
        idle=timedelta(days=settings.refresh_token_idle_days),
        absolute=timedelta(days=settings.refresh_token_days),
        grace=timedelta(seconds=settings.refresh_token_grace_seconds),
    )
    passwords = Passwords(at_once=settings.password_hashers)
    return SignInParts(passwords, AccessTokens(settings, audience=AUDIENCE), rules)


async def limit_registrations(connection: HTTPConnection) -> None:
    """Count a registration against its address: each costs a hash and leaves a row, so they are as rare as failed sign-ins may be."""
    limiter: RateLimiter = connection.app.state.rate_limiter
    key = f"registration:{address_of(connection)}"
    await limiter.check_failed_sign_ins(key)
    await limiter.count_failed_sign_in(key)


def attempts_of(connection: HTTPConnection, email: str) -> FailedAttempts:
    """The failed sign-ins that count for this request. The login name itself is not kept in memory."""
    name = sha256(email.encode()).hexdigest()
    return FailedAttempts(connection.app.state.rate_limiter, (address_of(connection), f"account:{name}"))


def refused(reason: str) -> NotAuthenticated:
    """The one answer to every refused sign-in; it names no error, since no token was sent in the header (RFC 6750 3)."""
    log.info("sign-in refused", reason=reason)
    return NotAuthenticated(reason, challenge=challenge(("Bearer",), presented=False))


def password_is_email() -> RequestValidationError:
    """The answer to a new password that is only the address."""
    message = "The password must not be the e-mail address."
    return RequestValidationError([{"loc": ("body", "new_password"), "type": "password_is_email", "msg": message}])


Parts = Annotated[SignInParts, Depends(get_parts)]
