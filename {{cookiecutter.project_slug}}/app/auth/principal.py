"""What a sign-in provider says about a caller, and what a provider is."""

from dataclasses import dataclass
from typing import Literal, Protocol

Locale = Literal["en", "fr"]


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller that a provider vouches for. `provider` and `subject` together name one person for ever."""

    provider: str
    subject: str
    display_name: str
    locale: Locale = "en"


class SignInError(Exception):
    """Credentials are missing or wrong. `reason` goes to the log, never to the caller."""

    def __init__(self, reason: str, *, presented: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.presented = presented


class Authenticator(Protocol):
    """A provider: turns the `Authorization` header into a principal."""

    scheme: str

    async def authenticate(self, authorization: list[str]) -> Principal:
        """The principal that the header's values prove.

        Raises:
            SignInError: missing, malformed, forged or expired.
        """
        ...


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


def challenge(scheme: str, *, presented: bool) -> str:
    """Value of `WWW-Authenticate`; an error is named only to those who sent credentials (RFC 6750 3)."""
    return f'{scheme} realm="api"' + (', error="invalid_token"' if presented else "")
