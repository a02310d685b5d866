"""The dependencies of the routes."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Query
from fastapi.requests import HTTPConnection
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.guard import current_principal, guards
from app.auth.principal import Principal
from app.core.errors import Forbidden
from app.core.languages import language_of
from app.core.permissions import Permission, Role, granted
from app.core.rate_limit import RateLimiter, address_of
from app.core.ttl_cache import TTLCache
from app.db.database import Database, Reader
from app.schemas.pagination import CursorPaginationQuery, PaginationQuery
from app.services import users
from app.services.users import Caller


def get_database(connection: HTTPConnection) -> Database:
    """The database of this application."""
    database: Database = connection.app.state.database
    return database


async def get_session(connection: HTTPConnection) -> AsyncIterator[AsyncSession]:
    """A transaction that is committed before the answer leaves."""
    async with get_database(connection).session() as session:
        yield session


async def get_reader(connection: HTTPConnection) -> Reader:
    """For statements that only read: no transaction, and no connection that is held until the answer leaves."""
    return get_database(connection).reader


async def get_current_user(connection: HTTPConnection) -> Caller:
    """The caller as a user: found, or created by the first request, and then cached for `caller_known_seconds`.

    Raises:
        Forbidden: the user is blocked.
    """
    known = getattr(connection.state, "user", None)
    if isinstance(known, Caller):
        return known
    caller = await _find_caller(connection, await current_principal(connection))
    connection.state.user_id = str(caller.id)
    connection.state.locale = caller.locale
    if caller.role is Role.BLOCKED:
        raise Forbidden(code="blocked")
    connection.state.user = caller
    return caller


async def _find_caller(connection: HTTPConnection, principal: Principal) -> Caller:
    cache: TTLCache[tuple[str, str], Caller] = connection.app.state.callers
    key = (principal.provider, principal.subject)
    caller = cache.get(key)
    if caller is None or principal.display_name not in {"", caller.provider_name}:
        caller = await users.get_or_create_from_provider(
            get_database(connection),
            auth_provider=principal.provider,
            auth_subject=principal.subject,
            display_name=principal.display_name,
            locale=principal.locale or language_of(connection.scope),
        )
        cache.set(key, caller)
    return caller


@guards
async def authenticate(connection: HTTPConnection) -> None:
    """The dependency of every route that is not public: authentication, the rate limit, and the user.

    One dependency for the three: the framework resolves every further one on each request, at a cost, also where its value is cached.
    """
    await limit_requests(connection)
    await get_current_user(connection)


async def limit_requests(connection: HTTPConnection) -> None:
    """Count the request against its caller's limit; 429 when it is used up."""
    principal = await current_principal(connection)
    limiter: RateLimiter = connection.app.state.rate_limiter
    await limiter.count_request(f"{principal.provider}:{principal.subject}")


async def limit_address(connection: HTTPConnection) -> None:
    """Count the request against the limit of its address: the caller of a public operation is not known yet."""
    limiter: RateLimiter = connection.app.state.rate_limiter
    await limiter.count_request(address_of(connection))


# `function` scope: the session ends, and with it the transaction, before the answer is sent. With the default scope a failed COMMIT would still
# answer 200, and a stream would hold its connection until the client leaves.
Session = Annotated[AsyncSession, Depends(get_session, scope="function")]
ReadSession = Annotated[Reader, Depends(get_reader)]
Pagination = Annotated[PaginationQuery, Query()]
CursorPagination = Annotated[CursorPaginationQuery, Query()]


async def get_permissions(connection: HTTPConnection) -> frozenset[Permission]:
    """What the caller may do: what the role grants, less what the credentials leave out."""
    principal = await current_principal(connection)
    caller = await get_current_user(connection)
    return granted(caller.role, principal.permissions)


# For handlers that decide more than one permission: `allowed: Permissions`, then `Permission.PROFILE_WRITE in allowed`.
Permissions = Annotated[frozenset[Permission], Depends(get_permissions)]


def require_permission(permission: Permission) -> Callable[..., Awaitable[Caller]]:
    """`Depends(require_permission(Permission.PROFILE_WRITE))`: the caller, whose role and credentials must both grant the permission; 403 otherwise."""

    async def required(connection: HTTPConnection) -> Caller:
        if permission not in await get_permissions(connection):
            raise Forbidden
        return await get_current_user(connection)

    return required
