"""Sign-in with an access token of this service: `Authorization: Bearer <token>`."""

from fastapi.security import HTTPBearer

from app.auth.access_tokens import AccessTokens
from app.auth.principal import Authenticator, Principal, credentials_of
from app.core.settings.access_tokens import AccessTokenSettings

PROVIDER = "password"
AUDIENCE = "account"

SECURITY = HTTPBearer(
    scheme_name="AccessToken",
    bearerFormat="JWT",
    description="the `access_token` that signing in gave",
    auto_error=False,
)


class JwtAuthenticator(Authenticator):
    """Accepts the access tokens that this service issued to people with an account."""

    schemes = ("Bearer",)

    def __init__(self, settings: AccessTokenSettings) -> None:
        self._tokens = AccessTokens(settings, audience=AUDIENCE)

    async def authenticate(self, authorization: list[str]) -> Principal:
        """The person whom the token was issued to, or `SignInError`."""
        token = self._tokens.verify(credentials_of(authorization, "Bearer"))
        return Principal(PROVIDER, token.subject, expires_at=token.expires_at, session=token.session)
