"""Signing in as anybody, with accounts with a password."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from uuid import NAMESPACE_OID, uuid5

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.access_tokens import AccessTokens
from app.auth.jwt import AUDIENCE, JwtAuthenticator
from app.core.permissions import Role
from app.core.settings import Settings
from app.core.settings.access_tokens import AccessTokenSettings
from app.db.database import Database
from app.main import create_app
from app.models.sessions import RefreshSession
from app.models.users import User
from tests.plugins.client import open_client

ACCESS_TOKEN_KEYS = "test:visibly-fake-signing-key-0123456789"
EMAIL = "ada@example.com"
PASSWORD = "visibly fake but long"

# The tokens of a session, as JSON gives them.
Tokens = dict[str, str]


def access_token(name: str, *, session: str = "") -> str:
    """An access token of the person of a name, who has no password."""
    settings = AccessTokenSettings.model_validate({"access_token_keys": ACCESS_TOKEN_KEYS})
    return AccessTokens(settings, audience=AUDIENCE).issue(str(uuid5(NAMESPACE_OID, name)), session=session)


def accounts_app(settings: Settings, database: Database) -> FastAPI:
    """The application where people sign in with a password, whatever else the service knows."""
    return create_app(settings, database=database, authenticator=JwtAuthenticator(settings))


async def register(client: httpx2.AsyncClient, email: str = EMAIL, password: str = PASSWORD) -> None:
    """Make an account."""
    body = {"email": email, "password": password, "display_name": "Ada"}
    response = await client.post("/api/v1/auth/register", json=body)
    assert response.status_code == 202, response.text


async def try_login(
    client: httpx2.AsyncClient, email: str = EMAIL, password: str = PASSWORD, *, agent: str = "tests"
) -> httpx2.Response:
    """Sign in; the answer, whatever it is."""
    body = {"email": email, "password": password}
    return await client.post("/api/v1/auth/login", json=body, headers={"User-Agent": agent})


async def login(client: httpx2.AsyncClient, email: str = EMAIL, password: str = PASSWORD) -> Tokens:
    """Sign in; the tokens."""
    response = await try_login(client, email, password)
    assert response.status_code == 200, response.text
    tokens: Tokens = response.json()
    return tokens


async def refresh(client: httpx2.AsyncClient, tokens: Tokens) -> httpx2.Response:
    """Use the refresh token of a session."""
    return await client.post("/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})


def bearer(tokens: Tokens) -> dict[str, str]:
    """Request headers with the access token of a session."""
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def age_sessions(session: AsyncSession, **ages: timedelta) -> None:
    """Let time pass for every session: the named columns move into the past."""
    moved = {name: getattr(RefreshSession, name) - age for name, age in ages.items()}
    await session.execute(update(RefreshSession).values(moved).execution_options(synchronize_session=False))


async def give_role(session: AsyncSession, role: Role) -> None:
    """Give everybody a role."""
    await session.execute(update(User).values(role=role))


@pytest.fixture
def sign_in() -> Callable[[str], dict[str, str]]:
    """Request headers that sign in the person of a name."""
    return lambda name: {"Authorization": f"Bearer {access_token(name)}"}


@pytest.fixture
def sign_in_settings(sign_in_settings: dict[str, str]) -> dict[str, str]:
    """The key of the tests."""
    return sign_in_settings | {"access_token_keys": ACCESS_TOKEN_KEYS}


@pytest.fixture
async def members(settings: Settings, database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    """A client, without credentials, of the application where people sign in with a password."""
    async with open_client(accounts_app(settings, database)) as client:
        yield client


@pytest.fixture
async def ada(members: httpx2.AsyncClient) -> Tokens:
    """A session of Ada, who has an account."""
    await register(members)
    return await login(members)
