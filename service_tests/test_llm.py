"""What providers of language models do wrong, each with what the service makes of it."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any
from uuid import UUID

import pytest
import structlog
from pydantic import BaseModel
from service_devkit.postgres.server import free_port
from sqlalchemy import select

from app.core.settings.llm import LlmSettings
from app.db.database import Database
from app.llm.circuit import FAILURES, OPEN_SECONDS, Circuit
from app.llm.completion import (
    AnswerCutOff,
    AnswerUnreadable,
    Message,
    ModelUnavailable,
    TokenBudgetUsedUp,
)
from app.llm.model import LanguageModel
from app.llm.structured import ask
from app.models.llm_usage import LlmUsage
from app.parts.llm import language_model
from app.services import users
from tests.mechanism.support import eventually
from tests.plugins.fake_model import FakeModel

OpenModel = Callable[..., AbstractAsyncContextManager[LanguageModel]]
QUESTION = [Message("user", "secret of the caller")]
PATIENCE = 60  # which no test waits for


@pytest.fixture
def open_model(fake_model: FakeModel, database: Database) -> OpenModel:
    """`async with open_model("cut", "well") as model`: these models, in that order."""

    def opened(*models: str, **settings: object) -> AbstractAsyncContextManager[LanguageModel]:
        values: dict[str, Any] = {
            "llm_base_url": fake_model.url,
            "llm_models": list(models),
            "llm_first_token_seconds": PATIENCE,
            "llm_token_seconds": PATIENCE,
            "llm_answer_tokens": 100,
            **settings,
        }
        return language_model(LlmSettings(**values), database)

    return opened


async def _usage(database: Database) -> LlmUsage:
    async with database.session() as session:
        return (await session.scalars(select(LlmUsage))).one()


@pytest.mark.parametrize(
    ("fault", "attempts"),
    [
        ("503", 2),
        ("500", 2),
        ("429", 2),
        ("400", 1),
        ("401", 1),
        ("404", 1),
        ("302", 1),
        ("wrong type", 1),
        ("wrong json", 1),
        ("wrong shape", 1),
        ("compressed", 1),
        ("error", 1),
        ("empty", 1),
        ("long line", 1),
    ],
)
async def test_next_model_is_asked_when_one_fails_before_its_first_token(
    open_model: OpenModel, fake_model: FakeModel, logs: list[structlog.typing.EventDict], fault: str, attempts: int
) -> None:
    async with open_model(fault, "well") as model:
        answer = await model.complete(QUESTION, caller=None)

    assert answer == "A summary."
    assert fake_model.models == [fault] * attempts + ["well"]
    assert len([line for line in logs if line["event"] == "language model failed"]) == attempts
    assert "secret of the caller" not in str(logs)


@pytest.mark.parametrize("fault", ["late", "silent", "chatter"])
async def test_next_model_is_asked_when_one_does_not_begin_in_time(
    open_model: OpenModel, fake_model: FakeModel, fault: str
) -> None:
    async with open_model(fault, "well", llm_first_token_seconds=1) as model:
        answer = await model.complete(QUESTION, caller=None)

    assert answer == "A summary."
    assert fake_model.models == [fault, "well"]
    await eventually(lambda: len(fake_model.left) == 1)


@pytest.mark.parametrize(
    ("fault", "settings"),
    [
        ("slow", {"llm_token_seconds": 0.2}),
        ("slow", {"llm_seconds": 2}),
        ("cut", {}),
        ("unfinished", {}),
        ("filtered", {}),
        ("endless", {}),
    ],
)
async def test_answer_that_breaks_off_is_an_error_and_no_other_model_goes_on_with_it(
    open_model: OpenModel, fake_model: FakeModel, database: Database, fault: str, settings: dict[str, float]
) -> None:
    texts: list[str] = []
    async with open_model(fault, "well", llm_prices=[f"{fault}=1/8"], **settings) as model:
        with pytest.raises(AnswerCutOff):
            async for text in model.stream(QUESTION, caller=None):
                texts.append(text)  # noqa: PERF401 - what came before the error counts

    row = await _usage(database)
    assert texts[0] == ""
    assert "".join(texts)
    assert fake_model.models == [fault]
    assert (row.model, row.is_partial, row.tokens_in) == (fault, True, 5)
    assert row.cost == 5 + 8 * row.tokens_out


async def test_nothing_that_listens_is_tried_again_and_then_said(database: Database) -> None:
    settings = LlmSettings(llm_base_url=f"http://127.0.0.1:{free_port()}", llm_models=["well"], llm_retries=2)

    with structlog.testing.capture_logs() as lines:
        async with language_model(settings, database) as model:
            with pytest.raises(ModelUnavailable) as error:
                await model.complete(QUESTION, caller=None)

    row = await _usage(database)
    assert error.value.reason == "no language model, well: ConnectError"
    assert [line["reason"] for line in lines] == ["ConnectError"] * 3
    assert (row.model, row.tokens_in, row.tokens_out, row.is_partial) == ("", 0, 0, True)


async def test_all_attempts_end_with_the_time_for_an_answer(open_model: OpenModel, fake_model: FakeModel) -> None:
    async with open_model("late", "silent", llm_seconds=0.5) as model:
        with pytest.raises(ModelUnavailable):
            await model.complete(QUESTION, caller=None)

    assert fake_model.models == ["late"]


async def test_wish_of_the_provider_to_wait_is_met_unless_it_is_long(
    open_model: OpenModel, fake_model: FakeModel
) -> None:
    fake_model.retry_after = "1"
    async with open_model("429", "well") as model:
        started = time.monotonic()
        await model.complete(QUESTION, caller=None)
        waited = time.monotonic() - started
        fake_model.retry_after = "60"
        await model.complete(QUESTION, caller=None)

    assert waited >= 1
    assert fake_model.models == ["429", "429", "well", "429", "well"]


async def test_model_that_keeps_failing_is_left_alone(open_model: OpenModel, fake_model: FakeModel) -> None:
    async with open_model("503", "well", llm_retries=0) as model:
        for _ in range(FAILURES + 2):
            await model.complete(QUESTION, caller=None)

    assert fake_model.models.count("503") == FAILURES


def test_circuit_lets_one_trial_through_in_a_while_and_closes_when_it_succeeds() -> None:
    now = 0.0
    circuit = Circuit(lambda: now)
    for _ in range(FAILURES):
        circuit.failed()

    refused = circuit.lets_through()
    now = OPEN_SECONDS
    trial, another = circuit.lets_through(), circuit.lets_through()
    circuit.succeeded()

    assert (refused, trial, another, circuit.lets_through()) == (False, True, False, True)


async def test_server_that_cannot_count_is_not_asked_to(
    open_model: OpenModel, fake_model: FakeModel, database: Database
) -> None:
    async with open_model(
        "well", llm_says_usage=False, llm_prices=["well=0.25/2"], openai_api_key="not-a-key"
    ) as model:
        await model.complete(QUESTION, caller=None)

    row = await _usage(database)
    assert fake_model.keys == ["bearer not-a-key"]
    assert "stream_options" not in fake_model.asked[0]
    assert (row.tokens_in, row.tokens_out, row.is_partial, row.cost) == (30, 3, False, 14)
    assert model.tokens == {"in": 30, "out": 3}


@pytest.fixture
async def somebody(committing_database: Database) -> UUID:
    """The id of a person."""
    async with committing_database.session() as session:
        made = await users.create(session, auth_provider="test", auth_subject="a", display_name="A", locale="en")
    return made.id


async def test_requests_at_once_do_not_get_more_tokens_than_one_after_the_other(
    fake_model: FakeModel, committing_database: Database, somebody: UUID
) -> None:
    settings = LlmSettings(
        llm_base_url=fake_model.url, llm_models=["well"], llm_answer_tokens=100, llm_tokens_per_day=330
    )
    async with language_model(settings, committing_database) as model:
        fake_model.instead = ["late"] * 10
        asked = [asyncio.create_task(model.complete(QUESTION, caller=somebody)) for _ in range(10)]
        refused: set[asyncio.Task[str]] = set()
        waiting = set(asked)
        while len(refused) < 7:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            refused |= done
        for task in waiting:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)

    assert {type(task.exception()) for task in refused} == {TokenBudgetUsedUp}
    assert len(waiting) == 3


class Course(BaseModel):
    """What is asked for."""

    code: str
    hours: int


@pytest.mark.parametrize(
    "answers", [['{"code": "MATH-101", "hours": 3}'], ["I think", '```json\n{"code": "MATH-101", "hours": 3}\n```']]
)
async def test_answer_has_the_form_that_was_asked_for_at_the_latest_after_its_mistakes_were_named(
    open_model: OpenModel, fake_model: FakeModel, answers: list[str]
) -> None:
    fake_model.answers = [*answers]

    async with open_model("well") as model:
        course = await ask(model, Course, QUESTION, caller=None)

    assert course == Course(code="MATH-101", hours=3)
    assert len(fake_model.asked) == len(answers)
    assert fake_model.asked[-1]["response_format"] == {"type": "json_object"}


async def test_answer_without_the_form_is_a_typed_error_after_one_repair(
    open_model: OpenModel, fake_model: FakeModel
) -> None:
    fake_model.answers = ["no", '{"code": 1}']

    async with open_model("well") as model:
        with pytest.raises(AnswerUnreadable):
            await ask(model, Course, QUESTION, caller=None)

    assert [len(body["messages"]) for body in fake_model.asked] == [2, 4]


async def test_answer_that_nobody_reads_to_its_end_is_let_go_of_and_recorded(
    open_model: OpenModel, fake_model: FakeModel, database: Database
) -> None:
    async with open_model("slow") as model, aclosing(model.stream(QUESTION, caller=None)) as texts:
        read = [await anext(texts), await anext(texts)]
        await texts.aclose()
        await eventually(lambda: len(fake_model.left) == 1)

    row = await _usage(database)
    assert read == ["", "A "]
    assert (row.is_partial, row.tokens_out) == (True, 1)
