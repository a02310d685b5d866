"""Every operation, called as every role."""

import re
from collections.abc import Awaitable, Callable

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.api.deps import Permissions
from app.auth.guard import operations_of
from app.auth.principal import Authenticator, Principal, SignInError, credentials_of
from app.core.permissions import GRANTS, Permission, Role
from app.core.settings import Settings
from app.db.database import Database
from app.main import create_app
from app.models.users import User
from tests.api.permissions import TABLE
from tests.plugins.client import open_client

ME = "/api/v1/users/me"
NOBODYS = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A changed role counts at once."""
    return settings.model_copy(update={"caller_known_seconds": 0})


async def _call(
    client: httpx2.AsyncClient, operation: str, *, body: bytes = b"{}", identifier: str = NOBODYS
) -> httpx2.Response:
    """Call an operation with a body of nothing: who may is asked before what is wrong with it."""
    method, _, path = operation.partition(" ")
    path = re.sub(r"\{\w+\}", identifier, path)
    if method == "GET":
        return await client.get(path)
    return await client.request(method, path, content=body, headers={"Content-Type": "application/json"})


def test_table_has_every_operation_that_is_not_public(app: FastAPI) -> None:
    guarded = {operation for operation, is_guarded in operations_of(app.routes) if is_guarded}
    requests = {operation for operation in guarded if not operation.startswith(("WEBSOCKET ", "STREAM "))}

    assert set(TABLE) == requests


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("operation", TABLE)
async def test_operation_is_for_the_roles_of_the_table(
    client: httpx2.AsyncClient, session: AsyncSession, operation: str, role: str
) -> None:
    await client.get(ME)
    await session.execute(update(User).values(role=role))

    response = await _call(client, operation)

    if role in TABLE[operation]:
        assert response.status_code not in {401, 403}
    else:
        assert response.status_code == 403
        assert response.json()["code"] == ("blocked" if role == "blocked" else "forbidden")


async def test_fixture_signs_people_of_two_roles_in(
    as_role: Callable[[str], Awaitable[httpx2.AsyncClient]], settings: Settings
) -> None:
    blocked = await as_role("blocked")
    first = await blocked.get(ME)
    staff = await as_role("staff")
    second = await staff.get(ME)

    assert (first.status_code, second.status_code) == (403, 200)
    assert settings.caller_known_seconds == 0  # where nobody signs in, the two are one


@pytest.mark.parametrize("body", [b"{}", b"{", b"\xff", b"[" * 100_000], ids=["object", "broken", "binary", "deep"])
@pytest.mark.parametrize("identifier", [NOBODYS, "not-an-id"])
@pytest.mark.parametrize("operation", TABLE)
async def test_operation_without_credentials_is_401_whatever_else_is_wrong_with_it(
    settings: Settings, database: Database, operation: str, identifier: str, body: bytes
) -> None:
    async with open_client(create_app(settings, database=database, authenticator=_Nobody())) as client:
        response = await _call(client, operation, body=body, identifier=identifier)

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Test realm="api"'


class _Nobody(Authenticator):
    """A provider to whom nobody has shown anything."""

    schemes = ("Test",)

    async def authenticate(self, authorization: list[str]) -> Principal:
        raise SignInError(credentials_of(authorization, "Test"))


class _ReadOnly(Authenticator):
    """A provider whose credentials let a caller read the profile and no more."""

    schemes = ()

    async def authenticate(self, authorization: list[str]) -> Principal:  # noqa: ARG002 - everybody is the same
        return Principal("test", "ada", display_name="Ada", permissions=frozenset({Permission.PROFILE_READ}))


async def test_credentials_take_away_what_the_role_would_grant(settings: Settings, database: Database) -> None:
    async with open_client(create_app(settings, database=database, authenticator=_ReadOnly())) as client:
        read = await client.get(ME)
        change = await client.patch(ME, json={"locale": "fr"})

    assert (read.status_code, change.status_code) == (200, 403)


@pytest.mark.parametrize("role", Role)
async def test_handler_can_ask_what_its_caller_may(
    settings: Settings, database: Database, session: AsyncSession, role: Role
) -> None:
    app = create_app(settings, database=database, authenticator=_ReadOnly())
    app.add_api_route("/allowed", _allowed)

    async with open_client(app) as client:
        await client.get(ME)
        await session.execute(update(User).values(role=role))
        response = await client.get("/allowed")

    granted = [Permission.PROFILE_READ] if Permission.PROFILE_READ in GRANTS[role] else []
    assert response.status_code == (403 if role is Role.BLOCKED else 200)
    assert role is Role.BLOCKED or response.json() == granted


async def _allowed(allowed: Permissions) -> list[str]:
    return sorted(allowed)


async def test_credentials_do_not_add_to_the_role(
    settings: Settings, database: Database, session: AsyncSession
) -> None:
    async with open_client(create_app(settings, database=database, authenticator=_ReadOnly())) as client:
        await client.get(ME)
        await session.execute(update(User).values(role="blocked"))
        response = await client.get(ME)

    assert response.status_code == 403
