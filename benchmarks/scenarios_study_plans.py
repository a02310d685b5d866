"""Lists, reads and writes of study plans."""

import json
from collections.abc import Sequence
from typing import Final

import asyncpg

from benchmarks.callers import Caller
from benchmarks.data_study_plans import some_of
from benchmarks.load import UNIQUE
from benchmarks.scenarios import Request, Scenario

PLANS: Final = "/api/v1/study-plans"
READ_OF_EACH: Final = 10
NEW: Final = {
    "title": f"Compilers, second term {UNIQUE}",
    "description": "Read the chapter, work through the exercises, and ask about what stays unclear.",
    "codes": [
        {"code": "COMP-301", "label": "Parsing"},
        {"code": "COMP-302", "label": "Optimisation"},
        {"code": "MATH-210", "label": "Graph theory"},
    ],
}


async def scenarios(connection: asyncpg.Connection, callers: Sequence[Caller]) -> list[Scenario]:
    """The routes one by one, and mixed: four reads to one write."""
    lists = [Request(caller, f"{PLANS}?limit=20&offset=0") for caller in callers]
    reads = [
        Request(caller, f"{PLANS}/{plan}")
        for caller in callers
        for plan in await some_of(connection, caller.id, READ_OF_EACH)
    ]
    creates = [Request(caller, PLANS, "POST", json.dumps(NEW), 201) for caller in callers]
    return [
        Scenario("list", f"GET {PLANS}, 20 of them", lists),
        Scenario("read", f"GET {PLANS}/ID, with its codes", reads),
        Scenario("create", f"POST {PLANS}, with 3 codes", creates),
        Scenario("mixed", "80 % list and read, 20 % create", _mixed(lists, reads, creates), alike=False),
    ]


def _mixed(lists: Sequence[Request], reads: Sequence[Request], creates: Sequence[Request]) -> list[Request]:
    mixed: list[Request] = []
    for number, create in enumerate(creates):
        mixed += [lists[number], reads[number], lists[-number - 1], reads[-number - 1], create]
    return mixed
