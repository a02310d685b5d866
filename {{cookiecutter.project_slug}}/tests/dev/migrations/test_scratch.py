"""The gate never tries migrations on a database that may hold something."""

import asyncio

import asyncpg
import pytest

from dev.migrations.database import in_thread
from dev.migrations.scratch import scratch_database


def tables_of(url: str) -> list[str]:
    found: list[str] = []

    async def ask() -> None:
        connection = await asyncpg.connect(url)
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found.extend(row["tablename"] for row in rows)
        await connection.close()

    in_thread(asyncio.run, ask())
    return found


def test_database_for_tests_gets_a_neighbour_that_goes_again(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", url.replace("postgresql://", "postgresql+asyncpg://"))

    with scratch_database() as scratch:
        assert scratch != url
        assert scratch.rpartition("/")[0] == url.rpartition("/")[0]
        assert tables_of(scratch) == []

    with pytest.raises(asyncpg.InvalidCatalogNameError):
        tables_of(scratch)


@pytest.mark.parametrize("given", ["", "postgresql://me:secret@db.example.com/production"])
def test_any_other_database_is_left_alone(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", given)

    with scratch_database() as scratch:
        assert "@127.0.0.1:" in scratch
        assert tables_of(scratch) == []
