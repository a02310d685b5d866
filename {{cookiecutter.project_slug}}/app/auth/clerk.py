"""Sign-in with the session token of Clerk: `Authorization: Bearer <token>`."""

from fastapi import Security
from fastapi.security import HTTPBearer

from app.auth.principal import Authenticator, Principal, SignInError, credentials_of
from app.core.settings.clerk import ClerkSettings

SECURITY = [
    Security(
        HTTPBearer(
            scheme_name="ClerkSession",
            bearerFormat="JWT",
            description="the token of `Clerk.session.getToken()`",
            auto_error=False,
        )
    )
]


class ClerkAuthenticator(Authenticator):
    """Accepts session tokens of one Clerk instance."""

    schemes = ("Bearer",)

    def __init__(self, settings: ClerkSettings) -> None:
        self._settings = settings

    async def authenticate(self, authorization: list[str]) -> Principal:
        """The Clerk user, or `SignInError`."""
        credentials_of(authorization, "Bearer")
        raise SignInError("not_built")
