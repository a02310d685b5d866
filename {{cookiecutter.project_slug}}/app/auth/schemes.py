"""Several providers at once: the scheme of the `Authorization` header chooses."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from app.auth.principal import Authenticator, Principal, SignInError


class BySchemeAuthenticator(Authenticator):
    """Hands each request to the provider of its scheme; a refusal challenges with that scheme alone."""

    def __init__(self, *providers: Authenticator) -> None:
        self._providers = {scheme.lower(): provider for provider in providers for scheme in provider.schemes}
        self.schemes = tuple(scheme for provider in providers for scheme in provider.schemes)

    async def authenticate(self, authorization: list[str]) -> Principal:
        """What the provider of the scheme says."""
        if not authorization:
            raise SignInError("missing", presented=False)
        if len(authorization) > 1:
            raise SignInError("several_headers")
        scheme = authorization[0].partition(" ")[0].lower()
        if scheme not in self._providers:
            raise SignInError("wrong_scheme", presented=False)
        try:
            return await self._providers[scheme].authenticate(authorization)
        except SignInError as error:
            error.scheme = next(known for known in self.schemes if known.lower() == scheme)
            raise

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """What each of them holds on to."""
        async with AsyncExitStack() as stack:
            for provider in dict.fromkeys(self._providers.values()):
                await stack.enter_async_context(provider.running())
            yield
