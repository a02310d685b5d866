"""Nobody gets in by default: a route needs a principal, or stands on the one list of public operations."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends
from fastapi.dependencies.models import Dependant
from fastapi.requests import HTTPConnection
from fastapi.routing import APIWebSocketRoute, RouteContext, iter_route_contexts
from starlette.routing import BaseRoute

from app.auth.principal import Authenticator, Principal, SignInError, challenge
from app.core.errors import NotAuthenticated
from app.core.logging import get_logger
from app.core.rate_limit import RateLimiter, address_key

log = get_logger(__name__)


async def current_principal(connection: HTTPConnection) -> Principal:
    """The caller of a request, or of a WebSocket that can send headers. The provider is asked once for each.

    Raises:
        NotAuthenticated: missing or wrong credentials.
        TooManyRequests: too many failed sign-ins, or too many requests without credentials, from this address.
        Unavailable: the provider cannot tell right now.
    """
    return await sign_in(connection, connection.headers.getlist("authorization"))


async def sign_in(connection: HTTPConnection, authorization: list[str]) -> Principal:
    """The caller that the values of an `Authorization` header prove; remembered for the rest of the connection.

    Raises as `current_principal`.
    """
    known = getattr(connection.state, "principal", None)
    if isinstance(known, Principal):
        return known
    authenticator: Authenticator = connection.app.state.authenticator
    async with refusals_counted(connection, authenticator.schemes):
        principal = await authenticator.authenticate(authorization)
    connection.state.principal = principal
    return principal


@asynccontextmanager
async def refusals_counted(connection: HTTPConnection, schemes: tuple[str, ...]) -> AsyncIterator[None]:
    """Turn a `SignInError` of the block into the 401 that names the schemes, and count it against the address.

    Raises:
        NotAuthenticated: the block refused.
        TooManyRequests: too many failed sign-ins, or too many requests without credentials, from this address.
    """
    limiter: RateLimiter = connection.app.state.rate_limiter
    address = address_key(connection.client.host if connection.client else None)
    await limiter.check_failed_sign_ins(address)
    try:
        yield
    except SignInError as error:
        log.info("sign-in refused", reason=error.reason)
        if error.presented:
            await limiter.count_failed_sign_in(address)
        else:
            await limiter.count_request(address)
        named = (error.scheme,) if error.scheme else schemes
        raise NotAuthenticated(error.reason, challenge=challenge(named, presented=error.presented)) from None


CurrentPrincipal = Annotated[Principal, Depends(current_principal)]


# What a route may depend on to count as guarded; each ends a request without a principal.
GUARDS: set[Callable[..., object]] = {current_principal}


class UnguardedRouteError(Exception):
    """A route that nobody decided about, or a public list that names a route which is not there."""


def require_guards(routes: list[BaseRoute], *, public: frozenset[str]) -> None:
    """Refuse to start unless every operation needs a principal or is on the public list, and the list is exact.

    Raises:
        UnguardedRouteError: names the operations.
    """
    operations = dict(operations_of(routes))
    unguarded = [name for name, guarded in operations.items() if not guarded and name not in public]
    if unguarded:
        raise UnguardedRouteError(f"neither guarded nor public: {', '.join(unguarded)}")
    if missing := sorted(public - operations.keys()):
        raise UnguardedRouteError(f"listed as public, but not there: {', '.join(missing)}")


def operations_of(routes: list[BaseRoute]) -> Iterator[tuple[str, bool]]:
    """Each operation as `METHOD /path`, and whether it is guarded.

    `app.routes` is a tree: a loop over it would see no route of an included router and find nothing wrong.
    """
    for route in iter_route_contexts(routes):
        guarded = is_guarded(route)
        for method in _methods(route):
            yield f"{method} {route.path}", guarded


def is_guarded(route: RouteContext) -> bool:
    """Whether a route depends on one of the guards."""
    dependant = getattr(route, "dependant", None)
    return isinstance(dependant, Dependant) and any(call in GUARDS for call in _calls(dependant))


def _methods(route: RouteContext) -> list[str]:
    if isinstance(route.original_route, APIWebSocketRoute):
        return ["WEBSOCKET"]
    return sorted(route.methods or {"ANY"})  # a mount or a plain WebSocket route answers anything


def _calls(dependant: Dependant) -> Iterator[object]:
    for dependency in dependant.dependencies:
        yield dependency.call
        yield from _calls(dependency)
