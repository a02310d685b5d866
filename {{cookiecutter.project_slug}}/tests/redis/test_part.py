"""Redis in the application."""

import httpx2
import pytest
from pydantic import SecretStr

from app.core.settings import Settings
from app.db.database import Database
from app.main import create_app
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
