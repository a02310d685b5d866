"""Realistic data: made by the database itself, in seconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg

from benchmarks.callers import Caller
from benchmarks.parts import parts

_CALLERS: Final = (
    "INSERT INTO users (id, auth_provider, auth_subject, display_name, provider_name)"
    " SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $4::text[])"
)
# The others are of a provider that nobody signs in with.
_OTHERS: Final = (
    "INSERT INTO users (id, auth_provider, auth_subject, display_name, locale)"
    " SELECT md5('user ' || n)::uuid, 'benchmark', n::text,"
    " (ARRAY['Ada', 'Émilie', 'Sofia', 'Leonhard', 'Noether'])[n % 5 + 1] || ' ' || n,"
    " (ARRAY['en', 'en', 'en', 'fr'])[n % 4 + 1]"
    " FROM generate_series(1, $1::int) AS n"
)


@dataclass(frozen=True)
class Size:
    """How much there is: users, and rows of each big table. `most` is how many of the rows belong to the first caller alone."""

    users: int
    rows: int
    most: int = 0


async def seed(url: str, callers: Sequence[Caller], size: Size) -> None:
    """Fill the migrated database: callers and others, then what each domain has, then the statistics of the planner."""
    connection = await asyncpg.connect(url)
    try:
        # No trigger, so that a foreign key is not looked up a million times; the statements above cannot break one.
        await connection.execute("SET session_replication_role = replica")
        await connection.execute("SELECT setseed(0.5)")
        await _seed_users(connection, callers, size)
        for module in parts("benchmarks.data_"):
            await module.seed(connection, owners_of(callers), size)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


async def clean(url: str) -> None:
    """Remove what the load has written."""
    connection = await asyncpg.connect(url)
    try:
        for module in parts("benchmarks.data_"):
            await module.clean(connection)
    finally:
        await connection.close()


def owners_of(callers: Sequence[Caller]) -> list[UUID]:
    """The ids of the callers."""
    return [caller.id for caller in callers]


async def _seed_users(connection: asyncpg.Connection, callers: Sequence[Caller], size: Size) -> None:
    columns = zip(*((c.id, c.provider, c.subject, c.display_name) for c in callers), strict=True)
    await connection.execute(_CALLERS, *map(list, columns))
    await connection.execute(_OTHERS, max(0, size.users - len(callers)))
