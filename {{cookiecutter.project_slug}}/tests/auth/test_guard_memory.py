"""Credentials that were accepted a moment ago are not proven again."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx2
import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.principal import Authenticator, Principal, SignInError, credentials_of
from app.core.settings import Settings
from app.core.ttl_cache import TTLCache
from app.db.database import Database
from app.main import create_app
from app.models.users import User
from tests.plugins.client import open_client

ME = "/api/v1/users/me"


class _Counting(Authenticator):
    """A provider that counts how often it is asked; `bad` is refused."""

    schemes = ("Key",)

    def __init__(self, *, lifetime: float | None = None) -> None:
        self.asked = 0
        self._lifetime = lifetime

    async def authenticate(self, authorization: list[str]) -> Principal:
        self.asked += 1
        key = credentials_of(authorization, "Key")
        if key == "bad":
            raise SignInError("expired")
        expires_at = None if self._lifetime is None else time.time() + self._lifetime
        return Principal("test", key, expires_at=expires_at)


Open = Callable[..., AbstractAsyncContextManager[httpx2.AsyncClient]]


@pytest.fixture
def service(settings: Settings, database: Database) -> Open:
    """Opens a client of a service with a provider, and with settings that differ."""

    @asynccontextmanager
    async def opened(provider: Authenticator, **changes: object) -> AsyncIterator[httpx2.AsyncClient]:
        app = create_app(settings.model_copy(update=changes), database=database, authenticator=provider)
        async with open_client(app) as client:
            yield client

    return opened


async def _status(client: httpx2.AsyncClient, key: str) -> int:
    return (await client.get(ME, headers={"Authorization": f"Key {key}"})).status_code


async def test_accepted_credentials_are_proven_once(service: Open) -> None:
    provider = _Counting()

    async with service(provider) as client:
        statuses = [await _status(client, "ada") for _ in range(3)]

    assert statuses == [200, 200, 200]
    assert provider.asked == 1


async def test_other_credentials_are_proven_for_themselves(service: Open) -> None:
    provider = _Counting()

    async with service(provider) as client:
        for key in ("ada", "grace", "ada", "grace"):
            await _status(client, key)

    assert provider.asked == 2


async def test_refused_credentials_are_refused_each_time_anew(service: Open) -> None:
    provider = _Counting()

    async with service(provider) as client:
        statuses = [await _status(client, "bad") for _ in range(3)]

    assert statuses == [401, 401, 401]
    assert provider.asked == 3


async def test_credentials_are_not_remembered_beyond_their_end(service: Open) -> None:
    provider = _Counting(lifetime=-1)

    async with service(provider) as client:
        await _status(client, "ada")
        await _status(client, "ada")

    assert provider.asked == 2


async def test_nothing_is_remembered_where_the_setting_is_0(service: Open) -> None:
    provider = _Counting()

    async with service(provider, caller_known_seconds=0) as client:
        await _status(client, "ada")
        await _status(client, "ada")

    assert provider.asked == 2


async def test_several_headers_are_never_looked_up(service: Open) -> None:
    provider = _Counting()

    async with service(provider) as client:
        await _status(client, "ada")
        several = [("Authorization", "Key ada"), ("Authorization", "")]
        response = await client.get(ME, headers=several)
        again = await client.get(ME, headers=several)

    assert (response.status_code, again.status_code) == (401, 401)


async def test_new_role_counts_when_the_caller_is_looked_up_again(
    settings: Settings, database: Database, session: AsyncSession
) -> None:
    now = 100.0
    app = create_app(settings, database=database, authenticator=_Counting())
    app.state.callers = TTLCache(ttl=10, clock=lambda: now)
    async with open_client(app) as client:
        await _status(client, "ada")
        await session.execute(update(User).values(role="blocked"))

        now = 109.9
        before = await _status(client, "ada")
        now = 110.0
        after = await _status(client, "ada")

    assert (before, after) == (200, 403)
