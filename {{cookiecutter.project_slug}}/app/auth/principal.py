"""What a sign-in provider says about a caller, and what a provider is."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.core.permissions import Permission


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller whom a provider has authenticated. `provider` and `subject` together name one person for ever.

    `display_name` and `locale`, a tag such as `fr` or `pt-BR`, are empty where the credentials have none. `permissions` is None where they say nothing about them; otherwise the caller has
    at most these. `expires_at` is in seconds since 1970. `session` names the sign-in that the credentials belong to, and `impersonated_by` the person who acts as
    the caller, where the provider reports it.
    """

    provider: str
    subject: str
    display_name: str = ""
    locale: str = ""
    permissions: frozenset[Permission] | None = None
    expires_at: float | None = None
    session: str = ""
    impersonated_by: str = ""


class SignInError(Exception):
    """Credentials are missing or wrong. `reason` goes to the log, never to the caller.

    `scheme` is the one that was presented, where a provider takes several.
    """

    def __init__(self, reason: str, *, presented: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.presented = presented
        self.scheme: str | None = None


class Authenticator(ABC):
    """A provider: turns the `Authorization` header into a principal."""

    schemes: tuple[str, ...]

    @abstractmethod
    async def authenticate(self, authorization: list[str]) -> Principal:
        """The principal that the header's values prove.

        Raises:
            SignInError: missing, malformed, forged or expired.
            Unavailable: the provider is not available.
        """

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """What the provider holds on to while the service runs; nothing, unless it says otherwise."""
        yield


def credentials_of(authorization: list[str], scheme: str) -> str:
    """The credentials of `Authorization: SCHEME CREDENTIALS`; the scheme's case does not matter (RFC 9110 11.1).

    Raises:
        SignInError: none, several, or another scheme.
    """
    if not authorization:
        raise SignInError("missing", presented=False)
    if len(authorization) > 1:
        raise SignInError("several_headers")
    sent, _, credentials = authorization[0].partition(" ")
    if sent.lower() != scheme.lower() or not credentials.strip():
        raise SignInError("wrong_scheme", presented=False)
    return credentials.strip()


def challenge(schemes: tuple[str, ...], *, presented: bool) -> str:
    """Value of `WWW-Authenticate`; an error is named only to those who sent credentials (RFC 6750 3)."""
    error = ', error="invalid_token"' if presented else ""
    return ", ".join(f'{scheme} realm="api"{error}' for scheme in schemes)
