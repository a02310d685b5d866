"""The renamed column of docs/migrations.md, release by release, on PostgreSQL: each release beside the schema of the next, and after going back."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import asyncpg
import pytest
from service_devkit.postgres.throwaway import ThrowawayCluster


@dataclass(frozen=True)
class Release:
    """What its migration does, and how its code writes and reads one book."""

    migration: str
    write: str
    read: str


WRITES_TITLE = "INSERT INTO books (title) VALUES ($1)"
WRITES_BOTH = "INSERT INTO books (title, name) VALUES ($1, $1)"
WRITES_NAME = "INSERT INTO books (name) VALUES ($1)"
READS_TITLE = "SELECT title FROM books ORDER BY id"
READS_NAME = "SELECT name FROM books ORDER BY id"
FILL = "UPDATE books SET name = title WHERE name IS NULL; ALTER TABLE books ALTER name SET NOT NULL"
RELEASES = [
    Release("CREATE TABLE books (id serial PRIMARY KEY, title text NOT NULL)", WRITES_TITLE, READS_TITLE),
    Release("ALTER TABLE books ADD COLUMN name text", WRITES_BOTH, READS_TITLE),
    Release(FILL, WRITES_BOTH, READS_NAME),
    Release("ALTER TABLE books ALTER title DROP NOT NULL", WRITES_NAME, READS_NAME),
    Release("ALTER TABLE books DROP COLUMN title", WRITES_NAME, READS_NAME),
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A PostgreSQL of its own."""
    with ThrowawayCluster() as cluster:
        yield cluster.url()


@pytest.fixture
async def connection(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A database without books."""
    connection = await asyncpg.connect(url)
    await connection.execute("DROP TABLE IF EXISTS books")
    yield connection
    await connection.close()


async def titles(connection: asyncpg.Connection, release: Release) -> list[str]:
    """Every book as this release reads it."""
    return [row[0] for row in await connection.fetch(release.read)]


async def test_two_releases_side_by_side_read_what_either_has_written(connection: asyncpg.Connection) -> None:
    await connection.execute(RELEASES[0].migration)
    written: list[str] = []

    for number, (old, new) in enumerate(itertools.pairwise(RELEASES)):
        await connection.execute(new.migration)
        for release, name in ((old, "old"), (new, "new"), (old, "old, after going back")):
            await connection.execute(release.write, f"{number} {name}")
            written.append(f"{number} {name}")
            assert await titles(connection, old) == await titles(connection, new) == written


@pytest.mark.parametrize("skipped", [1, 2, 3])
async def test_no_release_may_be_skipped(connection: asyncpg.Connection, skipped: int) -> None:
    old, new = RELEASES[skipped - 1], RELEASES[skipped + 1]
    for release in RELEASES[: skipped + 2]:
        await connection.execute(release.migration)

    try:
        await connection.execute(old.write, "by the old release")
        await connection.execute(new.write, "by the new release")
        agree = await titles(connection, old) == await titles(connection, new)
    except asyncpg.PostgresError:
        agree = False

    assert not agree
