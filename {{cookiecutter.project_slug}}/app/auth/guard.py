"""Nobody gets in by default: a route needs a principal, or stands on the one list of public operations."""

import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from hashlib import sha256
from inspect import signature
from typing import Annotated, Final, TypeVar

from fastapi import Depends
from fastapi.dependencies.models import Dependant
from fastapi.requests import HTTPConnection
from fastapi.routing import APIWebSocketRoute, RouteContext, iter_route_contexts
from fastapi.sse import EventSourceResponse
from starlette.routing import BaseRoute

from app.auth.principal import Authenticator, Principal, SignInError, challenge
from app.auth.provider import OFFERS
from app.core.errors import NotAuthenticated, Unavailable
from app.core.logging import get_logger
from app.core.rate_limit import RateLimiter, address_of
from app.core.ttl_cache import TTLCache

log = get_logger(__name__)
Dependency = TypeVar("Dependency", bound=Callable[..., object])

# What cannot be a guess: the credentials were good once, or their key is not known yet.
NO_GUESS: Final = frozenset({"expired", "unknown_key", "session_ended"})
ENDED_SECONDS: Final = 3660  # sign-outs that were heard of: longer than an access token may be valid


async def current_principal(connection: HTTPConnection) -> Principal:
    """The caller of a connection. The provider is asked once for each.

    Raises:
        Forbidden: one of `OFFERS` refuses the connection.
        NotAuthenticated: missing or wrong credentials.
        TooManyRequests: too many failed sign-ins, or too many requests without credentials, from this address.
        Unavailable: the provider is not available.
    """
    known = getattr(connection.state, "principal", None)
    if isinstance(known, Principal):
        return known
    authorization = connection.headers.getlist("authorization")
    for offered in OFFERS:
        authorization += offered(connection)
    principal = await _authenticate(connection, authorization)
    if principal.impersonated_by:
        log.info("impersonated", actor=principal.impersonated_by, subject=principal.subject)
    connection.state.principal = principal
    return principal


async def _authenticate(connection: HTTPConnection, authorization: list[str]) -> Principal:
    """What the provider says to the credentials, or said a moment ago: only what it accepts is remembered, and not beyond its end.

    Several values at once have no one meaning, so they are never looked up.
    """
    authenticator: Authenticator = connection.app.state.authenticator
    cache: TTLCache[bytes, Principal] = connection.app.state.principals
    credentials = sha256(repr(authorization).encode()).digest()
    principal = cache.get(credentials) if len(authorization) == 1 else None
    if principal is None or (principal.expires_at is not None and principal.expires_at <= time.time()):
        async with refusals_counted(connection, authenticator.schemes):
            principal = await authenticator.authenticate(authorization)
            if connection.app.state.ended_sessions.get(principal.session):
                raise SignInError("session_ended")
        cache.set(credentials, principal)
    return principal


@asynccontextmanager
async def refusals_counted(connection: HTTPConnection, schemes: tuple[str, ...]) -> AsyncIterator[None]:
    """Turn a `SignInError` of the block into the 401 that names the schemes, and count it against the address.

    Good credentials are never refused for what others at the same address have got wrong.

    Raises:
        NotAuthenticated: the block refused.
        TooManyRequests: too many failed sign-ins, or too many requests without good credentials, from this address.
        Unavailable: the block could not decide; counted too, so that nobody keeps it busy.
    """
    limiter: RateLimiter = connection.app.state.rate_limiter
    address = address_of(connection)
    try:
        yield
    except Unavailable:
        await limiter.count_request(address)
        raise
    except SignInError as error:
        log.info("sign-in refused", reason=error.reason)
        if error.presented and error.reason not in NO_GUESS:
            await limiter.check_failed_sign_ins(address)
            await limiter.count_failed_sign_in(address)
        else:
            await limiter.count_request(address)
        named = (error.scheme,) if error.scheme else schemes
        raise NotAuthenticated(error.reason, challenge=challenge(named, presented=error.presented)) from None


def guards(dependency: Dependency) -> Dependency:
    """Decorator: a route that depends on this is guarded, because it asks for the principal before anything else."""
    _GUARDS.append(dependency)
    return dependency


_GUARDS: list[Callable[..., object]] = [current_principal]
CurrentPrincipal = Annotated[Principal, Depends(current_principal)]


class UnguardedRouteError(Exception):
    """A route that nobody decided about, or a public list that names a route which is not there."""


def require_guards(routes: list[BaseRoute], *, public: frozenset[str]) -> None:
    """Refuse to start unless every operation needs a principal or is on the public list, and the list is exact.

    Raises:
        UnguardedRouteError: names the operations.
    """
    operations = list(operations_of(routes))
    counts = Counter(name for name, _ in operations)
    if twice := [name for name, count in counts.items() if count > 1]:  # the first answers, whatever the second needs
        raise UnguardedRouteError(f"there twice: {', '.join(twice)}")
    if unguarded := [name for name, guarded in operations if not guarded and name not in public]:
        raise UnguardedRouteError(f"neither guarded nor public: {', '.join(unguarded)}")
    if missing := sorted(public - counts.keys()):
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
    """Whether a route depends on a guard."""
    dependant = getattr(route, "dependant", None)
    return isinstance(dependant, Dependant) and any(call in _GUARDS for call in _calls(dependant))


def _methods(route: RouteContext) -> list[str]:
    if isinstance(route.original_route, APIWebSocketRoute):
        return ["WEBSOCKET"]
    answer = signature(route.endpoint).return_annotation if route.endpoint else None
    if isinstance(answer, type) and issubclass(answer, EventSourceResponse):
        return ["STREAM"]  # a GET whose answer has no end
    return sorted(route.methods or {"ANY"})  # a mount or a plain WebSocket route answers anything


def _calls(dependant: Dependant) -> Iterator[object]:
    for dependency in dependant.dependencies:
        yield dependency.call
        yield from _calls(dependency)
