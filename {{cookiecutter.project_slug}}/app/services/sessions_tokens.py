"""Refresh tokens: `SELECTOR.VERIFIER`, 128 and 256 random bits.

The selector finds the session, the verifier proves it. The next verifier is an HMAC of the one before, so that asking twice gives the same answer
and nothing forks.
"""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Final

_FORM: Final = re.compile(r"([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})")
_LABEL: Final = b"refresh-token-successor"


@dataclass(frozen=True, slots=True)
class Token:
    """A refresh token in its two parts."""

    selector: str
    verifier: str

    def __str__(self) -> str:
        """The token as callers have it."""
        return f"{self.selector}.{self.verifier}"

    def __repr__(self) -> str:
        """Nothing that helps: tokens belong into no log."""
        return "Token(***)"

    @property
    def digest(self) -> bytes:
        """What is stored of the verifier. It is random, so one SHA-256 is as good as a slow hash."""
        return hashlib.sha256(self.verifier.encode()).digest()


def new_token() -> Token:
    """The first token of a session."""
    return Token(secrets.token_urlsafe(16), secrets.token_urlsafe(32))


def read_token(text: str) -> Token | None:
    """The parts of a token; None when it cannot be one."""
    match = _FORM.fullmatch(text)
    return Token(match[1], match[2]) if match else None


def successor(token: Token, *, secret_key: bytes) -> Token:
    """The one token that follows."""
    key = hmac.digest(secret_key, _LABEL, hashlib.sha256)
    verifier = hmac.digest(key, str(token).encode(), hashlib.sha256)
    return Token(token.selector, urlsafe_b64encode(verifier).decode().rstrip("="))
