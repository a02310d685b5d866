"""The provider of services behind an authenticating gateway."""

from app.auth.none import NoAuthenticator
from app.core.settings import Settings


async def test_every_request_is_the_same_caller() -> None:
    provider = NoAuthenticator(Settings())

    without = await provider.authenticate([])
    with_something = await provider.authenticate(["Bearer whatever"])

    assert without == with_something
    assert (without.provider, without.subject) == ("none", "gateway")
