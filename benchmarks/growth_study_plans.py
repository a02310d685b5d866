"""How the cost of study plans grows: far down a long list, and with long lists in a body."""

import asyncio
import json
from typing import Final
from uuid import UUID

import asyncpg

from benchmarks.growth import Experiment, Row, Table
from benchmarks.scenarios import Request, Scenario
from benchmarks.scenarios_study_plans import NEW, PLANS

OFFSETS: Final = (0, 1_000, 100_000, 900_000)
CODES: Final = (3, 20, 200)


def tables(it: Experiment) -> list[Table]:
    """Both tables; the first caller has nearly all of the plans."""
    with it.stage.server("service") as service, it.stage.server("limit") as limit:
        sides = {"service": service, "limit": limit}
        owner = it.stage.callers()[0]
        lists = {offset: [Request(owner, f"{PLANS}?limit=20&offset={offset}")] for offset in OFFSETS}
        creates = {count: [Request(owner, PLANS, "POST", _body(count), 201)] for count in CODES}
        rows_of_lists: list[Row] = [
            {"from": f"offset={offset}", "service": side, **it.cost(server, _list(requests), connections=2)}
            for offset, requests in lists.items()
            for side, server in sides.items()
        ]
        rows_of_lists += [
            {
                "from": f"after number {offset}",
                "service": "service",
                **it.cost(service, _list([Request(owner, f"{PLANS}?after={plan}")]), connections=2),
            }
            for offset, plan in asyncio.run(_plans_at(it.stage.url, owner.id)).items()
        ]
        rows_of_creates: list[Row] = [
            {"codes": count, "service": side, **it.cost(server, Scenario("create", "", requests), connections=2)}
            for count, requests in creates.items()
            for side, server in sides.items()
        ]
    return [
        Table(f"Far down a long list: GET {PLANS}", rows_of_lists),
        Table(f"Long bodies: POST {PLANS}", rows_of_creates),
    ]


def _list(requests: list[Request]) -> Scenario:
    return Scenario("list", "", requests)


async def _plans_at(url: str, owner: UUID) -> dict[int, UUID]:
    """The plan at each offset."""
    statement = "SELECT id FROM study_plans WHERE owner_id = $1 ORDER BY created_at DESC, id DESC OFFSET $2 LIMIT 1"
    connection = await asyncpg.connect(url)
    plans = {offset: await connection.fetchval(statement, owner, offset) for offset in OFFSETS}
    await connection.close()
    return plans


def _body(codes: int) -> str:
    return json.dumps({**NEW, "codes": [{"code": f"MATH-{n}", "label": f"Part {n}"} for n in range(codes)]})
