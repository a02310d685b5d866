"""Redis in the application."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from app.auth.principal import Authenticator, Principal
from app.core.permissions import Role
from app.core.settings import Settings
from app.db.database import Database
from app.db.notify import HEARERS, SESSION_ENDED, Notification, notify
from app.main import create_app
from app.parts.redis import CHANNEL, announce_through_redis
from app.services import users
from tests.plugins.client import open_client


@pytest.fixture
def shared(settings: Settings, redis_url: str) -> Settings:
    """Settings that name Redis, which no busy machine makes too slow."""
    return settings.model_copy(update={"redis_url": SecretStr(redis_url), "redis_timeout": 5.0})


async def _readiness(settings: Settings, database: Database) -> httpx2.Response:
    async with open_client(create_app(settings, database=database)) as client:
        return await client.get("/readyz")


async def test_readiness_says_that_redis_answers(shared: Settings, database: Database) -> None:
    response = await _readiness(shared, database)

    assert response.json()["checks"] == {"shutdown": "ok", "database": "ok", "migrations": "ok", "redis": "ok"}


async def test_readiness_says_that_redis_fails_and_stays_ready(settings: Settings, database: Database) -> None:
    away = settings.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:9")})

    response = await _readiness(away, database)

    assert response.status_code == 200
    assert response.json()["checks"]["redis"] == "failed"


async def test_readiness_does_not_speak_of_redis_where_none_is_set(settings: Settings, database: Database) -> None:
    response = await _readiness(settings, database)

    assert response.json()["checks"] == {"shutdown": "ok", "database": "ok", "migrations": "ok"}


async def test_role_that_a_command_gives_counts_in_every_process_at_once(
    shared: Settings, committing_database: Database, fresh_database_url: str, sign_in: Callable[[str], dict[str, str]]
) -> None:
    settings = shared.model_copy(update={"database_url": SecretStr(fresh_database_url), "caller_known_seconds": 60.0})
    async with AsyncExitStack() as opened:
        apps = [create_app(settings, database=committing_database) for _ in range(2)]
        clients = [await opened.enter_async_context(open_client(app)) for app in apps]
        await _until_listening(apps[0], count=2)
        headers = sign_in("Ada")
        before = [(await client.get("/api/v1/users/me", headers=headers)).status_code for client in clients]
        principal = await apps[0].state.authenticator.authenticate([*headers.values()])

        async with announce_through_redis(settings), committing_database.session() as session:
            await users.set_role(
                session,
                auth_provider=principal.provider,
                auth_subject=principal.subject,
                role=Role.BLOCKED,
            )

        async with asyncio.timeout(60):
            for client in clients:
                while (await client.get("/api/v1/users/me", headers=headers)).status_code != 403:  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(0.01)
    assert before == [200, 200]
    assert HEARERS == []


class _InASession(Authenticator):
    schemes = ("Key",)

    async def authenticate(self, authorization: list[str]) -> Principal:
        return Principal("test", "ada", session=authorization[0])


async def test_session_that_has_ended_is_refused_in_every_process_and_another_is_not(
    shared: Settings, committing_database: Database, fresh_database_url: str
) -> None:
    settings = shared.model_copy(update={"database_url": SecretStr(fresh_database_url), "caller_known_seconds": 60.0})
    here, other = ({"Authorization": str(UUID(int=number))} for number in (1, 2))
    async with AsyncExitStack() as opened:
        apps = [create_app(settings, database=committing_database) for _ in range(2)]
        clients = [await opened.enter_async_context(open_client(app)) for app in apps]
        for app in apps:
            app.state.authenticator = _InASession()
        await _until_listening(apps[0], count=2)
        before = [(await client.get("/api/v1/users/me", headers=here)).status_code for client in clients]

        async with announce_through_redis(settings), committing_database.session() as session:
            await notify(session, Notification(SESSION_ENDED, UUID(int=1), None))

        async with asyncio.timeout(60):
            for client in clients:
                while (await client.get("/api/v1/users/me", headers=here)).status_code != 401:  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(0.01)
        still = [(await client.get("/api/v1/users/me", headers=other)).status_code for client in clients]
    assert (before, still) == ([200, 200], [200, 200])


async def _until_listening(app: FastAPI, *, count: int) -> None:
    channel = app.state.redis.key(CHANNEL)
    async with asyncio.timeout(60):
        while (await app.state.redis.ask(lambda redis: redis.pubsub_numsub(channel)))[0][1] < count:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)


async def test_service_without_redis_caches_in_memory_and_announces_nothing(
    settings: Settings, database: Database
) -> None:
    app = create_app(settings, database=database)
    async with open_client(app), announce_through_redis(settings):
        await app.state.cache.forget("anything")

        assert HEARERS == []
