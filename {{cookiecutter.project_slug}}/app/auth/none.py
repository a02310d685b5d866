"""No sign-in: for services behind a gateway that lets only authenticated requests through.

Every request acts as one fixed caller. Anybody who reaches this service's port is that caller.
"""

from app.auth.principal import Authenticator, Principal
from app.core.settings import Settings

CALLER = Principal("none", "gateway", display_name="Gateway")


class NoAuthenticator(Authenticator):
    """Takes every request for the gateway's; never refuses."""

    schemes = ()

    def __init__(self, _settings: Settings) -> None:
        """Made like every provider; needs no setting."""

    async def authenticate(self, authorization: list[str]) -> Principal:  # noqa: ARG002 - nobody has credentials here
        """The one caller."""
        return CALLER
