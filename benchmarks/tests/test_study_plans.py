"""The scenarios of study plans: what the services answer, and what the callers have."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import asyncpg
import pytest

from benchmarks import growth_study_plans
from benchmarks.data import clean
from benchmarks.generator import Load
from benchmarks.growth import Experiment
from benchmarks.load import UNIQUE
from benchmarks.measure import count_statements
from benchmarks.queries import of_work
from benchmarks.scenarios import Scenario
from benchmarks.session import Session
from benchmarks.tests.answers import Answer, answer_of, answers


def scenario(running: Session, name: str) -> Scenario:
    return next(scenario for scenario in running.stage.scenarios() if scenario.name == name)


def test_list_of_20_is_the_same_from_all_three(running: Session) -> None:
    for request in scenario(running, "list").requests:
        found = answers(running, request)

        items = found["service"].body["items"]
        assert isinstance(items, list)
        assert len(items) == 20
        assert found["bare"] == found["limit"] == found["service"]


def test_plan_with_its_codes_is_the_same_from_all_three(running: Session) -> None:
    requests = scenario(running, "read").requests

    assert len(requests) == 20
    for request in requests[:4]:
        found = answers(running, request)
        codes = found["service"].body["codes"]
        assert isinstance(codes, list)
        assert len(codes) >= 3
        assert found["bare"] == found["limit"] == found["service"]


def test_new_plan_is_the_same_from_all_three_but_for_ids_and_times(running: Session) -> None:
    (request, *_) = scenario(running, "create").requests

    found = {
        side: answer_of(server.port, replace(request, body=request.body.replace(UNIQUE, side)))
        for side, server in running.servers.items()
    }
    asyncio.run(clean(running.stage.url))

    assert found["service"].status == 201
    assert found["service"].location
    alike = [_without_what_differs(answer, side) for side, answer in found.items()]
    assert alike[0] == alike[1] == alike[2]


def _without_what_differs(answer: Answer, side: str) -> Answer:
    codes = answer.body["codes"]
    assert isinstance(codes, list)
    body = answer.body | {
        "title": str(answer.body["title"]).replace(side, ""),
        "codes": [{**code, "id": None} for code in codes],
    }
    return replace(answer, body=body | dict.fromkeys(["id", "created_at", "updated_at"]))


def test_what_the_load_makes_is_removed(running: Session) -> None:
    before = asyncio.run(_count(running))

    with Load() as load:
        made = load.send(
            running.servers["limit"].port, scenario(running, "create").requests, connections=2, seconds=0.1
        )
    between = asyncio.run(_count(running))
    asyncio.run(clean(running.stage.url))

    assert between == before + made.count > before
    assert asyncio.run(_count(running)) == before == 200


async def _count(running: Session) -> int:
    connection = await asyncpg.connect(running.stage.url)
    try:
        count: int = await connection.fetchval("SELECT count(*) FROM study_plans")
    finally:
        await connection.close()
    return count


def test_mixed_load_is_one_write_in_five(running: Session) -> None:
    methods: Sequence[str] = [request.method for request in scenario(running, "mixed").requests]

    assert methods.count("POST") * 5 == len(methods)
    assert methods.count("GET") * 5 == 4 * len(methods)


def test_limit_reads_with_one_statement_and_bare_with_two(running: Session) -> None:
    counted = count_statements(running.stage, running.servers)

    for name in ("list", "read"):
        assert {side: len(of_work(counted[name][side])) for side in ("limit", "bare")} == {"limit": 1, "bare": 2}
    assert len(of_work(counted["create"]["limit"])) == 2
    assert "mixed" not in counted


def test_growth_shows_far_offsets_and_long_bodies(running: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth_study_plans, "OFFSETS", (0, 5))
    monkeypatch.setattr(growth_study_plans, "CODES", (1, 100))

    with Load() as load:
        lists, creates = growth_study_plans.tables(Experiment(running.stage, load, 0.1))
    asyncio.run(clean(running.stage.url))

    assert [(row["from"], row["service"]) for row in lists.rows] == [
        ("offset=0", "service"),
        ("offset=0", "limit"),
        ("offset=5", "service"),
        ("offset=5", "limit"),
        ("after number 0", "service"),
        ("after number 5", "service"),
    ]
    assert [row["codes"] for row in creates.rows] == [1, 1, 100, 100]
    assert float(creates.rows[2]["CPU us"]) > float(creates.rows[0]["CPU us"])
