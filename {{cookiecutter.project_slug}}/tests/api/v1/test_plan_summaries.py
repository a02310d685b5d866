"""Summaries of study plans over HTTP, by a model on 127.0.0.1."""

import json
from collections.abc import Sequence

import httpx2
import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.llm_usage import LlmUsage
from tests.plugins.fake_model import FakeModel

PLANS = "/api/v1/study-plans"
EVENTS = {"Accept": "text/event-stream"}


async def _make(client: httpx2.AsyncClient, title: str = "Mathematics") -> str:
    plan = {"title": title, "description": "Before the summer", "codes": [{"code": "MATH-101"}]}
    return f"{PLANS}/{(await client.post(PLANS, json=plan)).json()['id']}"


async def _usage(session: AsyncSession) -> Sequence[tuple[object, ...]]:
    rows = await session.execute(select(LlmUsage.model, LlmUsage.tokens_in, LlmUsage.tokens_out, LlmUsage.is_partial))
    return [tuple(row) for row in rows]


def _events(answer: httpx2.Response) -> list[tuple[str, object]]:
    found = []
    for block in answer.text.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        found += [(lines.get("event", "message"), json.loads(lines["data"]))] if lines else []
    return found


async def test_plan_is_summarised_and_its_cost_recorded(
    client_with_model: httpx2.AsyncClient, fake_model: FakeModel, session: AsyncSession
) -> None:
    plan = await _make(client_with_model)

    answer = await client_with_model.post(f"{plan}/summary")

    assert (answer.status_code, answer.json()) == (200, {"summary": "A summary."})
    instructions, data = fake_model.asked[0]["messages"]
    assert (instructions["role"], data["role"]) == ("system", "user")
    assert json.loads(data["content"])["codes"] == [{"code": "MATH-101", "label": ""}]
    assert await _usage(session) == [("well", 30, 3, False)]


async def test_summary_is_written_in_the_callers_language(
    client_with_model: httpx2.AsyncClient, fake_model: FakeModel
) -> None:
    plan = await _make(client_with_model)

    await client_with_model.post(f"{plan}/summary", headers={"Accept-Language": "fr"})

    assert "en français" in fake_model.asked[0]["messages"][0]["content"]


async def test_streamed_summary_comes_in_parts_and_says_that_it_is_done(
    client_with_model: httpx2.AsyncClient, session: AsyncSession
) -> None:
    plan = await _make(client_with_model)

    answer = await client_with_model.post(f"{plan}/summary", headers=EVENTS)

    assert answer.headers["content-type"].startswith("text/event-stream")
    texts = [("message", {"text": text}) for text in ("A ", "summary", ".")]
    assert _events(answer) == [*texts, ("done", {})]
    assert await _usage(session) == [("well", 30, 3, False)]


async def test_stream_that_breaks_off_says_so_and_is_recorded_as_partial(
    client_with_model: httpx2.AsyncClient, fake_model: FakeModel, session: AsyncSession
) -> None:
    plan = await _make(client_with_model)
    fake_model.instead = ["unfinished"]

    answer = await client_with_model.post(f"{plan}/summary", headers=EVENTS | {"Accept-Language": "fr"})

    part, (name, problem) = _events(answer)
    assert part == ("message", {"text": "A "})
    assert (name, problem["code"], problem["status"]) == ("error", "answer_cut_off", 503)  # type: ignore[index] # a problem document
    assert problem["detail"] == "La réponse s'est interrompue. Réessayez."  # type: ignore[index] # as above
    assert [row[0] for row in await _usage(session)] == ["well"]
    assert [row[3] for row in await _usage(session)] == [True]


async def test_model_that_does_not_answer_is_503_with_a_code(
    client_with_model: httpx2.AsyncClient, fake_model: FakeModel
) -> None:
    plan = await _make(client_with_model)
    fake_model.instead = ["error"]

    answer = await client_with_model.post(f"{plan}/summary")

    assert (answer.status_code, answer.json()["code"]) == (503, "model_unavailable")
    assert answer.headers["retry-after"] == "30"


async def test_service_without_a_provider_says_that_it_has_no_model(client: httpx2.AsyncClient) -> None:
    answer = await client.post(f"{await _make(client)}/summary")

    assert (answer.status_code, answer.json()["code"]) == (409, "no_language_model")


async def test_somebody_elses_plan_does_not_exist(client_with_model: httpx2.AsyncClient, fake_model: FakeModel) -> None:
    answer = await client_with_model.post(f"{PLANS}/00000000-0000-4000-8000-000000000000/summary")

    assert answer.status_code == 404
    assert fake_model.asked == []


async def test_caller_who_has_used_up_the_tokens_of_the_day_is_refused_streamed_or_not(
    client_with_model: httpx2.AsyncClient, fake_model: FakeModel, session: AsyncSession
) -> None:
    plan = await _make(client_with_model)
    await client_with_model.post(f"{plan}/summary")
    (row,) = await session.scalars(select(LlmUsage))
    row.tokens_out = 200_000
    await session.flush()

    answers = [await client_with_model.post(f"{plan}/summary", headers=accept) for accept in (EVENTS, {})]
    changed = await client_with_model.patch(plan, json={"title": "Another"})
    another = await client_with_model.post(f"{plan}/summary")

    assert changed.status_code == 200
    assert [each.status_code for each in (*answers, another)] == [429, 200, 429]  # the second is remembered
    assert another.json()["code"] == "token_budget_used_up"
    assert int(another.headers["retry-after"]) <= 86_400
    assert len(fake_model.asked) == 1


async def test_fifty_identical_requests_cost_one_call_and_a_changed_plan_another(
    client_with_model: httpx2.AsyncClient, fake_model: FakeModel
) -> None:
    plan = await _make(client_with_model)

    first = await client_with_model.post(f"{plan}/summary")
    again = [await client_with_model.post(f"{plan}/summary") for _ in range(49)]
    assert len(fake_model.asked) == 1
    assert {each.json()["summary"] for each in (first, *again)} == {"A summary."}

    await client_with_model.post(f"{plan}/codes", json={"code": "MATH-102"})
    fake_model.answers = ["Another."]
    assert (await client_with_model.post(f"{plan}/summary")).json() == {"summary": "Another."}
    assert len(fake_model.asked) == 2


async def test_nothing_of_the_plan_or_of_the_answer_is_in_the_log(
    client_with_model: httpx2.AsyncClient, fake_model: FakeModel, logs: list[structlog.typing.EventDict]
) -> None:
    plan = await _make(client_with_model, "Secret of the caller")
    fake_model.instead = ["wrong shape", "unfinished"]

    await client_with_model.post(f"{plan}/summary")
    await client_with_model.post(f"{plan}/summary", headers=EVENTS)

    assert [line["event"] for line in logs].count("language model failed") == 2
    assert "secret of the caller" not in str(logs).lower()
