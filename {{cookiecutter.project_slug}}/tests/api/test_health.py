"""Liveness and readiness."""

import re

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.settings import Settings
from app.core.shutdown import shutdown
from app.db.database import Database
from app.main import create_app
from tests.plugins.client import open_client

ADDRESSES = ["/healthz", "/readyz", "/api/v1/health/healthz", "/api/v1/health/readyz"]


@pytest.mark.parametrize("address", ADDRESSES)
async def test_healthy_service_says_so_without_sign_in(anonymous: httpx2.AsyncClient, address: str) -> None:
    response = await anonymous.get(address)

    assert response.status_code == 200
    assert response.json()["status"] == "healthy"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", response.json()["timestamp"])


async def test_service_without_its_database_is_alive_but_not_ready(settings: Settings, database: Database) -> None:
    unreachable = settings.model_copy(update={"database_url": SecretStr("postgresql://nobody@127.0.0.1:9/none")})

    async with open_client(create_app(unreachable, database=database)) as client:
        alive = await client.get("/healthz")
        ready = await client.get("/readyz")

    assert alive.status_code == 200
    assert ready.status_code == 503
    assert ready.headers["content-type"] == "application/problem+json"
    assert ready.json()["code"] == "not_ready"
    assert ready.json()["checks"] == {"shutdown": "ok", "database": "failed", "migrations": "unknown"}


async def test_database_that_is_behind_is_not_ready(
    settings: Settings, committing_database: Database, fresh_database_url: str
) -> None:
    async with committing_database.session() as session:
        await session.execute(text("DELETE FROM alembic_version"))

    async with open_client(
        create_app(settings.model_copy(update={"database_url": SecretStr(fresh_database_url)}))
    ) as client:
        response = await client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"] == {"shutdown": "ok", "database": "ok", "migrations": "failed"}


async def test_database_of_a_newer_release_is_ready(
    settings: Settings, committing_database: Database, fresh_database_url: str
) -> None:
    async with committing_database.session() as session:
        await _set_revision(session, "newer")

    async with open_client(
        create_app(settings.model_copy(update={"database_url": SecretStr(fresh_database_url)}))
    ) as client:
        response = await client.get("/readyz")

    assert response.status_code == 200


async def test_database_of_another_service_is_not_ready(
    settings: Settings, committing_database: Database, fresh_database_url: str
) -> None:
    async with committing_database.session() as session:
        await session.execute(text("COMMENT ON TABLE alembic_version IS 'another (auth=other)'"))

    async with open_client(
        create_app(settings.model_copy(update={"database_url": SecretStr(fresh_database_url)}))
    ) as client:
        response = await client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"]["database"] == "failed"


async def test_database_that_was_never_migrated_is_not_ready(
    settings: Settings, committing_database: Database, fresh_database_url: str
) -> None:
    async with committing_database.session() as session:
        await session.execute(text("DROP TABLE alembic_version"))

    async with open_client(
        create_app(settings.model_copy(update={"database_url": SecretStr(fresh_database_url)}))
    ) as client:
        response = await client.get("/readyz")

    assert response.json()["checks"]["migrations"] == "failed"


async def test_service_that_is_about_to_stop_is_alive_but_not_ready(
    anonymous: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutdown, "draining", True)

    alive = await anonymous.get("/healthz")
    ready = await anonymous.get("/readyz")

    assert alive.status_code == 200
    assert alive.headers["connection"] == "close"
    assert ready.status_code == 503
    assert ready.json()["checks"]["shutdown"] == "failed"


async def test_health_is_not_rate_limited(settings: Settings, database: Database) -> None:
    strict = settings.model_copy(update={"rate_limit": "1/hour"})

    async with open_client(create_app(strict, database=database)) as client:
        statuses = [(await client.get("/healthz")).status_code for _ in range(5)]

    assert statuses == [200, 200, 200, 200, 200]


async def _set_revision(session: AsyncSession, revision: str) -> None:
    await session.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
