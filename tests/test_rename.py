"""The renamed column of docs/recipes.md and docs/migrations.md, release by release, on PostgreSQL: each release beside the schema of the next, and after going back."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import asyncpg
import pytest
from service_devkit.postgres.throwaway import ThrowawayCluster

from tests.variants import TREE

RECIPES = (TREE / "docs" / "recipes.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Code:
    """How the code of a release adds, renames and reads products."""

    insert: str
    update: str
    select: str


@dataclass(frozen=True)
class Release:
    """What its migration does, and what its code writes and reads."""

    migration: str
    code: Code


NAME = Code(
    "INSERT INTO products (name) VALUES ($1)",
    "UPDATE products SET name = $1 WHERE id = $2",
    "SELECT name FROM products ORDER BY id",
)
TITLE = Code(
    "INSERT INTO products (title) VALUES ($1)",
    "UPDATE products SET title = $1 WHERE id = $2",
    "SELECT title FROM products ORDER BY id",
)
TRIGGER = re.search(r'^\+KEEP_THE_SAME = """\n(.*?)^\+"""', RECIPES, re.DOTALL | re.MULTILINE)
FOLLOW = re.search(r'^\+FOLLOW = \(\n\+    "(CREATE TRIGGER .*)"$', RECIPES, re.MULTILINE)
KEEP_THE_SAME = re.sub(r"^\+", "", TRIGGER[1], flags=re.MULTILINE) + f"; {FOLLOW[1]}" if TRIGGER and FOLLOW else ""
FILL = "UPDATE products SET title = name WHERE title = ''"  # as in the recipe, which the test below compares
RELEASES = [
    Release("CREATE TABLE products (id serial PRIMARY KEY, price int, name text NOT NULL)", NAME),
    Release(f"ALTER TABLE products ADD COLUMN title text NOT NULL DEFAULT ''; {KEEP_THE_SAME}", NAME),
    Release(FILL, TITLE),
    Release(
        "DROP FUNCTION products_keep_title CASCADE; ALTER TABLE products DROP COLUMN name",
        TITLE,
    ),
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A PostgreSQL of its own."""
    with ThrowawayCluster() as cluster:
        yield cluster.url()


@pytest.fixture
async def connection(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A database without products."""
    connection = await asyncpg.connect(url)
    await connection.execute("DROP TABLE IF EXISTS products; DROP FUNCTION IF EXISTS products_keep_title")
    yield connection
    await connection.close()


async def names(connection: asyncpg.Connection, release: Release) -> list[str]:
    """Every product as this release reads it."""
    return [row[0] for row in await connection.fetch(release.code.select)]


async def write(connection: asyncpg.Connection, release: Release, name: str, expected: list[str]) -> None:
    """Add a product, rename the first and the last one that somebody else has written, and change another column, as the code of a release does."""
    await connection.execute(release.code.insert, name)
    expected.append(name)
    for number in {0, max(len(expected) - 2, 0)}:
        expected[number] = f"{name}, renamed {number}"
        await connection.execute(release.code.update, expected[number], number + 1)
    await connection.execute("UPDATE products SET price = coalesce(price, 0) + 1")


async def test_two_releases_side_by_side_read_what_either_has_written(connection: asyncpg.Connection) -> None:
    await connection.execute(RELEASES[0].migration)
    expected: list[str] = []
    for number in range(3):  # rows from before, which nobody touches until they are filled
        await write(connection, RELEASES[0], f"before {number}", expected)

    for number, (old, new) in enumerate(itertools.pairwise(RELEASES)):
        await connection.execute(new.migration)
        for release, name in ((old, "old"), (new, "new"), (old, "old, after going back")):
            await write(connection, release, f"{number} {name}", expected)
            assert await names(connection, old) == await names(connection, new) == expected


async def test_release_that_drops_waits_until_nobody_writes_the_old_column(connection: asyncpg.Connection) -> None:
    for release in RELEASES:
        await connection.execute(release.migration)

    with pytest.raises(asyncpg.UndefinedColumnError):
        await write(connection, RELEASES[1], "by a process that is two releases old", [])


def test_recipe_has_the_statements_of_this_test() -> None:
    assert "NEW.name := NEW.title" in KEEP_THE_SAME
    assert f'op.execute("{FILL}")' in RECIPES
