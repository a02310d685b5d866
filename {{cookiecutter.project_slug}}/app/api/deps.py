"""The words that routes are written in."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Query
from fastapi.requests import HTTPConnection
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.guard import CurrentPrincipal
from app.core.errors import Forbidden
from app.core.permissions import Permission, Role, granted
from app.core.rate_limit import RateLimiter, address_of
from app.db.database import Database
from app.models.users import User
from app.schemas.page import PageQuery
from app.services import users


def get_database(connection: HTTPConnection) -> Database:
    """The database of this application."""
    database: Database = connection.app.state.database
    return database


async def get_session(connection: HTTPConnection) -> AsyncIterator[AsyncSession]:
    """A transaction that is committed before the answer leaves."""
    async with get_database(connection).session() as session:
        yield session


async def get_read_session(connection: HTTPConnection) -> AsyncIterator[AsyncSession]:
    """A session for reading, given back before the answer leaves."""
    async with get_database(connection).read_session() as session:
        yield session


async def get_current_user(connection: HTTPConnection, principal: CurrentPrincipal) -> User:
    """The caller as a user: found, or made at first sight. Writes only when the provider knows a new name.

    Raises:
        Forbidden: the user is blocked.
    """
    database = get_database(connection)
    who = {"auth_provider": principal.provider, "auth_subject": principal.subject}
    async with database.read_session() as session:
        user = await users.find(session, **who)
    if user is None:
        async with database.session() as session:
            user = await users.create(session, **who, display_name=principal.display_name, locale=principal.locale)
    elif principal.display_name not in {"", user.provider_name}:
        async with database.session() as session:
            user = await users.rename(session, user_id=user.id, provider_name=principal.display_name)
    connection.state.user_id = str(user.id)
    if user.role == Role.BLOCKED:
        raise Forbidden(code="blocked")
    return user


async def limit_requests(connection: HTTPConnection, principal: CurrentPrincipal) -> None:
    """Count the request against its caller's limit; 429 when it is used up."""
    limiter: RateLimiter = connection.app.state.rate_limiter
    await limiter.count_request(f"{principal.provider}:{principal.subject}")


async def limit_address(connection: HTTPConnection) -> None:
    """Count the request against its address's limit: whoever calls a public operation has no other name yet."""
    limiter: RateLimiter = connection.app.state.rate_limiter
    await limiter.count_request(address_of(connection))


# `function` scope: the session ends, and with it the transaction, before the answer is sent. With the default scope a failed COMMIT would still
# answer 200, and a stream would hold its connection until the client leaves.
Session = Annotated[AsyncSession, Depends(get_session, scope="function")]
ReadSession = Annotated[AsyncSession, Depends(get_read_session, scope="function")]
CurrentUser = Annotated[User, Depends(get_current_user)]
PageOf = Annotated[PageQuery, Query()]


def require(permission: Permission) -> Callable[..., Awaitable[None]]:
    """`Depends(require(Permission.PLANS_WRITE))`: the caller's role and credentials must both grant the permission; 403 otherwise."""

    async def required(user: CurrentUser, principal: CurrentPrincipal) -> None:
        if permission not in granted(Role(user.role), principal.permissions):
            raise Forbidden

    return required
