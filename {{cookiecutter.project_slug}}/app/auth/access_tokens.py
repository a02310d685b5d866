"""Access tokens that this service issues and verifies itself: short-lived JWTs of the shape of RFC 9068.

One algorithm, HS256, is written down here and never read from a token. A key is replaced by putting a new one first: it signs, and the old ones
verify until their tokens have expired.
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import jwt

from app.auth.principal import SignInError
from app.auth.token_errors import reason_of
from app.core import project
from app.core.settings.access_tokens import AccessTokenSettings

MAX_TOKEN_BYTES: Final = 4096
LEEWAY_SECONDS: Final = 5
_TYPE: Final = "at+jwt"  # a token made for anything else is no access token (RFC 8725 3.11)
_REQUIRED: Final = ["exp", "iat", "iss", "aud", "sub", "sid", "jti"]


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a verified access token says; `session` is empty where the token belongs to none. Times are in seconds since 1970."""

    subject: str
    session: str
    expires_at: float


class AccessTokens:
    """Issues and verifies access tokens for one kind of caller, the audience."""

    def __init__(self, settings: AccessTokenSettings, *, audience: str) -> None:
        self.lifetime = settings.access_token_seconds
        self._keys: Mapping[str, bytes] = settings.signing_keys
        self._audience = f"{project.NAME}:{audience}"

    def issue(self, subject: str, *, session: str = "") -> str:
        """A token for a subject, signed with the first key."""
        now = int(time.time())
        identifier, key = next(iter(self._keys.items()))
        claims = {
            "iss": project.NAME,
            "aud": self._audience,
            "sub": subject,
            "sid": session,
            "iat": now,
            "exp": now + self.lifetime,
            "jti": secrets.token_urlsafe(12),
        }
        return jwt.encode(claims, key, algorithm="HS256", headers={"typ": _TYPE, "kid": identifier})

    def verify(self, token: str) -> AccessToken:
        """What the token says, or `SignInError`."""
        if len(token) > MAX_TOKEN_BYTES:
            raise SignInError("malformed")
        try:
            claims = jwt.decode(
                token,
                self._key_of(token),
                algorithms=["HS256"],
                issuer=project.NAME,
                audience=self._audience,
                leeway=LEEWAY_SECONDS,
                options={"require": _REQUIRED, "strict_aud": True},
            )
        except jwt.PyJWTError as error:
            raise SignInError(reason_of(error)) from None
        if not isinstance(claims["sid"], str):
            raise SignInError("malformed")
        return AccessToken(claims["sub"], claims["sid"], float(claims["exp"]))

    def _key_of(self, token: str) -> bytes:
        header = jwt.get_unverified_header(token)
        kid, kind = header.get("kid"), header.get("typ")
        key = self._keys.get(kid) if isinstance(kid, str) else None
        if key is None:
            raise SignInError("unknown_key")
        if not isinstance(kind, str) or kind.lower() != _TYPE:
            raise SignInError("wrong_type")
        return key
