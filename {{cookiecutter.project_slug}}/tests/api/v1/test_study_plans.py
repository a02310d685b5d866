"""Study plans over HTTP."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2
import pytest
from service_devkit.fixtures.queries import QueryBudget
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.database import Database
from app.models.study_plans import StudyPlan
from app.schemas.study_plans import CodeCreate, StudyPlanCreate
from app.services import study_plans, users

PLANS = "/api/v1/study-plans"
NOBODYS = f"{PLANS}/00000000-0000-4000-8000-000000000000"

# The body of an answer, as JSON gives it.
Body = dict[str, Any]


async def _make(client: httpx2.AsyncClient, title: str = "Mathematics", codes: tuple[str, ...] = ()) -> Body:
    response = await client.post(PLANS, json={"title": title, "codes": [{"code": code} for code in codes]})
    assert response.status_code == 201, response.text
    body: Body = response.json()
    return body


@pytest.fixture
async def someone_elses(session: AsyncSession, database: Database) -> str:
    """The address of a plan that belongs to somebody else."""
    owner = await users.create(session, auth_provider="test", auth_subject="other", display_name="Other", locale="en")
    data = StudyPlanCreate(title="Secret", codes=[CodeCreate(code="HIDDEN-1")])
    plan = await study_plans.create(database, owner_id=owner.id, data=data)
    return f"{PLANS}/{plan.id}"


async def test_new_plan_is_answered_with_its_codes_and_its_address(client: httpx2.AsyncClient) -> None:
    response = await client.post(
        PLANS,
        json={
            "title": "  Mathématiques  ",
            "description": "Première\nannée",
            "codes": [{"code": "MATH-102"}, {"code": "MATH-101", "label": "Analyse"}],
        },
    )

    assert response.status_code == 201
    body = response.json()
    assert response.headers["location"] == f"{PLANS}/{body['id']}"
    assert body["title"] == "Mathématiques"
    assert body["description"] == "Première\nannée"
    assert [(code["code"], code["label"]) for code in body["codes"]] == [("MATH-101", "Analyse"), ("MATH-102", "")]
    assert (await client.get(response.headers["location"])).json() == body


async def test_second_plan_of_the_same_title_is_409(client: httpx2.AsyncClient) -> None:
    await _make(client, "Mathematics")

    response = await client.post(PLANS, json={"title": "Mathematics"})

    assert response.status_code == 409
    assert response.json()["code"] == "duplicate_title"


@pytest.mark.usefixtures("someone_elses")
async def test_title_of_somebody_elses_plan_is_free(client: httpx2.AsyncClient) -> None:
    response = await client.post(PLANS, json={"title": "Secret"})

    assert response.status_code == 201


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/title", "missing"),
        ({"title": None}, "/title", "string_type"),
        ({"title": " "}, "/title", "string_too_short"),
        ({"title": "x" * 201}, "/title", "string_too_long"),
        ({"title": "a\x00"}, "/title", "string_pattern_mismatch"),
        ({"title": 1}, "/title", "string_type"),
        ({"title": "A", "description": "a\x00b"}, "/description", "string_pattern_mismatch"),
        ({"title": "A", "description": "x" * 10_001}, "/description", "string_too_long"),
        ({"title": "A", "owner_id": "x"}, "/owner_id", "extra_forbidden"),
        ({"title": "A", "codes": [{"code": "math"}]}, "/codes/0/code", "string_pattern_mismatch"),
        ({"title": "A", "codes": [{"code": "A" * 33}]}, "/codes/0/code", "string_too_long"),
        ({"title": "A", "codes": [{"code": str(n)} for n in range(201)]}, "/codes", "too_long"),
        ([], "", "model_attributes_type"),
    ],
)
async def test_plan_that_does_not_fit_is_refused(
    client: httpx2.AsyncClient, body: object, pointer: str, code: str
) -> None:
    response = await client.post(PLANS, json=body)

    assert response.status_code == 422
    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [(pointer, code)]


@pytest.mark.usefixtures("someone_elses")
async def test_list_is_newest_first_with_the_total(client: httpx2.AsyncClient) -> None:
    for title in ("first", "second", "third"):
        await _make(client, title)

    page = (await client.get(PLANS, params={"limit": 2, "offset": 1})).json()

    assert [item["title"] for item in page["items"]] == ["second", "first"]
    assert (page["total"], page["limit"], page["offset"]) == (3, 2, 1)
    assert "codes" not in page["items"][0]


async def test_list_has_twenty_items_by_default(client: httpx2.AsyncClient) -> None:
    for number in range(21):
        await _make(client, f"plan {number}")

    page = (await client.get(PLANS)).json()

    assert len(page["items"]) == 20
    assert page["total"] == 21


async def test_page_behind_the_end_is_empty(client: httpx2.AsyncClient) -> None:
    await _make(client)

    page = (await client.get(PLANS, params={"offset": 1_000_000})).json()

    assert page["items"] == []
    assert page["total"] == 1


@pytest.mark.parametrize(
    "query", ["limit=-1", "limit=0", "limit=101", "limit=1000000000", "limit=x", "offset=-1", "offset=1000001",
              "offset=99999999999999999999", "offset=1e3", "limit=", "after=", "after=x"]
)  # fmt: skip
async def test_page_out_of_range_is_422(client: httpx2.AsyncClient, query: str) -> None:
    response = await client.get(f"{PLANS}?{query}")

    assert response.status_code == 422
    assert response.json()["errors"][0]["location"] == "query"


async def test_what_follows_a_plan_is_returned_uncounted(client: httpx2.AsyncClient) -> None:
    plans = [await _make(client, title) for title in ("first", "second", "third")]

    page = (await client.get(PLANS, params={"after": plans[2]["id"], "limit": 1})).json()

    assert [item["title"] for item in page["items"]] == ["second"]
    assert page["total"] is None


async def test_nothing_follows_the_oldest_plan(client: httpx2.AsyncClient) -> None:
    oldest = await _make(client, "first")
    await _make(client, "second")

    page = (await client.get(PLANS, params={"after": oldest["id"]})).json()

    assert page["items"] == []


async def test_plans_of_one_moment_are_each_listed_once(client: httpx2.AsyncClient, session: AsyncSession) -> None:
    first = [await _make(client, f"plan {number}") for number in range(5)][-1]
    moment = datetime(2026, 3, 14, tzinfo=UTC)
    await session.execute(update(StudyPlan).values(created_at=moment))
    last = (await client.get(PLANS, params={"limit": 1})).json()["items"][0]["id"]
    seen = [last]

    while items := (await client.get(PLANS, params={"limit": 2, "after": seen[-1]})).json()["items"]:
        seen += [item["id"] for item in items]

    assert first["id"] in seen
    assert len(seen) == len(set(seen)) == 5


async def test_after_a_plan_of_somebody_else_is_404_as_after_one_that_is_not_there(
    client: httpx2.AsyncClient, someone_elses: str
) -> None:
    theirs = await client.get(PLANS, params={"after": someone_elses.rpartition("/")[2]})
    nobodys = await client.get(PLANS, params={"after": NOBODYS.rpartition("/")[2]})

    assert theirs.status_code == nobodys.status_code == 404


async def test_replaced_plan_keeps_the_ids_of_codes_that_stay(client: httpx2.AsyncClient) -> None:
    plan = await _make(client, codes=("A-1", "A-2"))

    response = await client.put(
        f"{PLANS}/{plan['id']}", json={"title": "New", "codes": [{"code": "A-3"}, {"code": "A-2", "label": "kept"}]}
    )

    assert response.status_code == 200
    body = response.json()
    assert (body["title"], body["description"]) == ("New", "")
    assert [code["code"] for code in body["codes"]] == ["A-2", "A-3"]
    assert body["codes"][0]["id"] == plan["codes"][1]["id"]
    assert (await client.get(f"{PLANS}/{plan['id']}")).json() == body


async def test_patch_changes_only_what_it_names(client: httpx2.AsyncClient) -> None:
    plan = await _make(client, codes=("A-1",))

    response = await client.patch(f"{PLANS}/{plan['id']}", json={"description": "new"})

    assert response.status_code == 200
    assert response.json()["title"] == "Mathematics"
    assert response.json()["description"] == "new"
    assert (await client.get(f"{PLANS}/{plan['id']}")).json()["codes"] == plan["codes"]


async def test_patch_with_null_is_422(client: httpx2.AsyncClient) -> None:
    plan = await _make(client)

    response = await client.patch(f"{PLANS}/{plan['id']}", json={"title": None})

    assert response.status_code == 422


@pytest.mark.parametrize("code", ["A-1", "A-2"])
async def test_code_that_is_there_twice_is_409(client: httpx2.AsyncClient, code: str) -> None:
    plan = await _make(client, codes=("A-1",))
    twice = {"title": "twice", "codes": [{"code": code}, {"code": code}]}

    created = await client.post(PLANS, json=twice)
    replaced = await client.put(f"{PLANS}/{plan['id']}", json=twice)

    assert (created.status_code, replaced.status_code) == (409, 409)
    assert created.json()["code"] == replaced.json()["code"] == "duplicate_code"


@pytest.mark.parametrize("method", ["put", "patch"])
async def test_title_of_another_own_plan_is_409(client: httpx2.AsyncClient, method: str) -> None:
    await _make(client, "first")
    second = await _make(client, "second")

    response = await client.request(method, f"{PLANS}/{second['id']}", json={"title": "first"})

    assert response.status_code == 409
    assert response.json()["code"] == "duplicate_title"


async def test_deleted_plan_is_gone(client: httpx2.AsyncClient) -> None:
    plan = await _make(client, codes=("A-1",))

    deleted = await client.delete(f"{PLANS}/{plan['id']}")

    assert deleted.status_code == 204
    assert deleted.content == b""
    assert (await client.get(f"{PLANS}/{plan['id']}")).status_code == 404
    assert (await client.delete(f"{PLANS}/{plan['id']}")).status_code == 404


async def test_code_can_be_added_and_removed(client: httpx2.AsyncClient) -> None:
    plan = await _make(client)
    address = f"{PLANS}/{plan['id']}/codes"

    added = await client.post(address, json={"code": "A-1", "label": "Algebra"})
    removed = await client.delete(f"{address}/{added.json()['id']}")
    again = await client.delete(f"{address}/{added.json()['id']}")

    assert (added.status_code, removed.status_code, again.status_code) == (201, 204, 404)
    assert (added.json()["code"], added.json()["label"]) == ("A-1", "Algebra")


async def test_code_that_stands_on_the_plan_is_409(client: httpx2.AsyncClient) -> None:
    plan = await _make(client, codes=("A-1",))

    response = await client.post(f"{PLANS}/{plan['id']}/codes", json={"code": "A-1"})

    assert response.status_code == 409
    assert response.json()["code"] == "duplicate_code"


async def test_full_plan_takes_no_more_codes(client: httpx2.AsyncClient) -> None:
    plan = await _make(client, codes=tuple(str(number) for number in range(200)))

    response = await client.post(f"{PLANS}/{plan['id']}/codes", json={"code": "ONE-MORE"})

    assert response.status_code == 409
    assert response.json()["code"] == "too_many_codes"


REQUESTS: list[tuple[str, str, Body | None]] = [
    ("GET", "", None),
    ("PUT", "", {"title": "mine"}),
    ("PATCH", "", {"title": "mine"}),
    ("DELETE", "", None),
    ("POST", "/codes", {"code": "MINE-1"}),
    ("DELETE", "/codes/00000000-0000-4000-8000-000000000000", None),
]


@pytest.mark.parametrize(("method", "suffix", "body"), REQUESTS)
async def test_plan_of_somebody_else_is_404_as_one_that_is_not_there(
    client: httpx2.AsyncClient, someone_elses: str, method: str, suffix: str, body: Body | None
) -> None:
    theirs = await client.request(method, someone_elses + suffix, json=body)
    nobodys = await client.request(method, NOBODYS + suffix, json=body)

    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json() | {"request_id": ""} == nobodys.json() | {"request_id": ""}


async def test_plan_of_somebody_else_stays_as_it_was(
    client: httpx2.AsyncClient, database: Database, session: AsyncSession, someone_elses: str
) -> None:
    for method, suffix, body in REQUESTS:
        await client.request(method, someone_elses + suffix, json=body)

    owner = await users.find(session, auth_provider="test", auth_subject="other")
    assert owner is not None
    plan = await study_plans.read(database.reader, owner_id=owner.id, plan_id=UUID(someone_elses.rsplit("/", 1)[1]))
    assert (plan.title, [code.code for code in plan.codes]) == ("Secret", ["HIDDEN-1"])


@pytest.mark.parametrize("plan_id", ["x", "1", "../users/me", "%00", "00000000-0000-4000-8000-00000000000g"])
async def test_bad_id_is_never_a_500(client: httpx2.AsyncClient, plan_id: str) -> None:
    response = await client.get(f"{PLANS}/{plan_id}")

    assert response.status_code in {200, 404, 422}


async def test_list_of_many_costs_as_many_statements_as_a_list_of_one(
    client: httpx2.AsyncClient, query_budget: QueryBudget
) -> None:
    await _make(client, "one", codes=("A-1", "A-2"))
    with query_budget(1) as of_one:
        await client.get(PLANS)
    for number in range(19):
        await _make(client, f"plan {number}", codes=("A-1", "A-2"))

    with query_budget(1) as of_twenty:
        await client.get(PLANS)

    assert len(of_one) == len(of_twenty) == 1


async def test_plan_costs_one_statement_however_many_codes_it_has(
    client: httpx2.AsyncClient, query_budget: QueryBudget
) -> None:
    plan = await _make(client, codes=("A-1", "A-2", "A-3"))

    with query_budget(1) as statements:
        await client.get(f"{PLANS}/{plan['id']}")

    assert len(statements) == 1
