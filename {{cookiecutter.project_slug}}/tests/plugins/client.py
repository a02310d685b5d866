"""The application in this process, and a client that speaks HTTP to it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import httpx2
import pytest
from fastapi import FastAPI
from service_devkit.fixtures.contract import check_response

from app.core.permissions import Role
from app.core.settings import Settings
from app.db.database import Database
from app.main import create_app
from app.services import users

BASE_URL = "http://service.test"


@pytest.fixture
def settings(database_url: str, sign_in_settings: dict[str, str]) -> Settings:
    """The settings of the application under test."""
    return Settings.model_validate({"database_url": database_url, "rate_limit": "10000/minute", **sign_in_settings})


@pytest.fixture
def app(settings: Settings, database: Database) -> FastAPI:
    """The application on the database that is rolled back after the test."""
    return create_app(settings, database=database)


def new_client(app: FastAPI, headers: Mapping[str, str] | None = None) -> httpx2.AsyncClient:
    """A client of an application; what it answers is held to the contract."""
    transport = httpx2.ASGITransport(app=app, client=("192.0.2.1", 40_000))
    hooks = {"response": [check_response]}
    return httpx2.AsyncClient(transport=transport, base_url=BASE_URL, event_hooks=hooks, headers=headers)


@asynccontextmanager
async def open_client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of an application whose lifespan runs."""
    async with app.router.lifespan_context(app), new_client(app) as client:
        yield client


@pytest.fixture
async def anonymous(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A client without credentials."""
    async with open_client(app) as client:
        yield client


@pytest.fixture
async def client(anonymous: httpx2.AsyncClient, sign_in: Callable[[str], dict[str, str]]) -> httpx2.AsyncClient:
    """A client signed in as Ada."""
    anonymous.headers.update(sign_in("Ada"))
    return anonymous


@pytest.fixture
async def as_role(
    app: FastAPI, anonymous: httpx2.AsyncClient, database: Database, sign_in: Callable[[str], dict[str, str]]
) -> AsyncIterator[Callable[[str], Awaitable[httpx2.AsyncClient]]]:
    """`await as_role("staff")`: a client signed in as a person of that role, who is called like it. `anonymous` keeps the lifespan open."""
    del anonymous
    async with AsyncExitStack() as opened:

        async def open_as(role: str) -> httpx2.AsyncClient:
            headers = sign_in(role.title())
            principal = await app.state.authenticator.authenticate([*headers.values()])
            known = {"auth_provider": principal.provider, "auth_subject": principal.subject}
            async with database.session() as session:
                await users.create(session, **known, display_name=principal.display_name, locale=principal.locale)
                await users.set_role(session, **known, role=Role(role))
            return await opened.enter_async_context(new_client(app, headers))

        yield open_as


@pytest.fixture
async def staff(as_role: Callable[[str], Awaitable[httpx2.AsyncClient]]) -> httpx2.AsyncClient:
    """A client signed in as somebody of the staff."""
    return await as_role("staff")
