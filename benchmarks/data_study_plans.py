"""Study plans: many for few people, few for most; short texts mostly, some long; three to six codes on each plan that is read."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg

from benchmarks.data import Size

LEAST: Final = 25  # plans of each caller, so that a list of 20 is one
# Owners are drawn from an array, the first ones more often.
_PLANS: Final = """
INSERT INTO study_plans (id, owner_id, title, description, created_at, updated_at)
SELECT md5('plan ' || n)::uuid,
    CASE WHEN n <= $3 THEN ($2::uuid[])[n % cardinality($2::uuid[]) + 1]
         WHEN n <= $3 + $4 THEN ($2::uuid[])[1]
         ELSE ($1::uuid[])[floor(power(random(), 2) * cardinality($1::uuid[])) + 1] END,
    (ARRAY['Analysis', 'Linear algebra', 'Mechanics', 'Organic chemistry', 'Modern history', 'Statistics', 'Logic',
           'Roman law', 'Music theory', 'Compilers', 'Databases', 'Number theory', 'Ethics', 'Typography'])[n % 14 + 1]
        || (ARRAY[', first term', ', second term', ' for the summer', ': revision', ' with exercises'])[n % 5 + 1]
        || ' ' || n,
    left(repeat('Read the chapter, work through the exercises, and ask about what stays unclear. ', 12),
         (20 + 700 * power(random(), 5))::int),
    timestamptz '2025-01-01' + n * interval '7 seconds', timestamptz '2025-01-01' + n * interval '9 seconds'
FROM generate_series(1, $5::int) AS n
"""
# On every plan of the callers, and on a tenth of the others.
_CODES: Final = """
INSERT INTO codes (id, study_plan_id, code, label, created_at, updated_at)
SELECT md5(plan.id::text || n)::uuid, plan.id,
    (ARRAY['MATH', 'PHYS', 'CHEM', 'HIST', 'LAW', 'MUS'])[n] || '-' || 100 + n, split_part(plan.title, ',', 1),
    plan.created_at, plan.created_at
FROM study_plans AS plan CROSS JOIN LATERAL generate_series(1, 3 + get_byte(uuid_send(plan.id), 0) % 4) AS n
WHERE plan.owner_id = ANY ($1) OR get_byte(uuid_send(plan.id), 15) < 26
"""
_PEOPLE: Final = "SELECT id FROM users ORDER BY md5(id::text)"  # callers are spread among the others


async def seed(connection: asyncpg.Connection, callers: Sequence[UUID], size: Size) -> None:
    """Make `size.rows` plans."""
    people = [row["id"] for row in await connection.fetch(_PEOPLE)]
    await connection.execute(_PLANS, people, callers, LEAST * len(callers), size.most, size.rows)
    # Nobody reads the codes of the one who has most.
    await connection.execute(_CODES, callers[1:] if size.most else callers)


async def clean(connection: asyncpg.Connection) -> None:
    """Remove what is younger than all that `seed` makes."""
    await connection.execute("DELETE FROM study_plans WHERE created_at > now() - interval '1 day'")


async def some_of(connection: asyncpg.Connection, owner: UUID, count: int) -> list[UUID]:
    """The ids of some plans of an owner."""
    rows = await connection.fetch(
        "SELECT id FROM study_plans WHERE owner_id = $1 ORDER BY md5(id::text) LIMIT $2", owner, count
    )
    return [row["id"] for row in rows]
