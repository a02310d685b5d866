"""The language model as routes use it, with a provider on 127.0.0.1; and its settings."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI, Request
from pydantic import BaseModel, ValidationError
from sqlalchemy import select

from app.api.connected import while_connected
from app.api.event_stream import EventStream, wants_events
from app.api.llm_deps import Model
from app.core.settings import Settings
from app.core.settings.llm import LlmSettings
from app.db.database import Database
from app.llm import prompts
from app.llm.completion import AnswerCutOff, Message, TokenBudgetUsedUp
from app.llm.model import LanguageModel
from app.llm.structured import ask
from app.main import create_app
from app.models.llm_usage import LlmUsage
from app.parts.llm import language_model
from app.services import users
from tests.plugins.client import BASE_URL, open_client
from tests.plugins.fake_model import FakeModel

QUESTION = [Message("user", "What is analysis?")]


class Text(BaseModel):
    """What the route of the tests answers."""

    text: str


@pytest.fixture
async def model(fake_model: FakeModel, database: Database) -> AsyncIterator[LanguageModel]:
    """Two models, of which a caller may ask for 150 tokens a day."""
    settings = LlmSettings(
        llm_base_url=fake_model.url,
        llm_models=["well", "second"],
        llm_retries=0,
        llm_answer_tokens=100,
        llm_tokens_per_day=150,
        llm_prices=["well=0.25/2"],
    )
    async with language_model(settings, database) as opened:
        yield opened


@pytest.fixture
def app_with_route(fake_model: FakeModel, settings: Settings, database: Database) -> FastAPI:
    """An application with a route that asks."""
    app: FastAPI = create_app(settings.model_copy(update={"llm_base_url": fake_model.url}), database=database)

    async def answer(model: Model, request: Request) -> EventStream | Text:
        if wants_events(request):
            return await EventStream.begin(request, model.stream(QUESTION, caller=None))
        return Text(text=await while_connected(request, model.complete(QUESTION, caller=None)))

    app.add_api_route("/answers", answer, methods=["POST"], response_model=Text)
    return app


@pytest.fixture
async def plain(app_with_route: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of it."""
    transport = httpx2.ASGITransport(app=app_with_route)
    async with open_client(app_with_route), httpx2.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield client


async def test_route_answers_at_once_or_in_parts(plain: httpx2.AsyncClient) -> None:
    whole = await plain.post("/answers")
    parts = await plain.post("/answers", headers={"Accept": "text/event-stream"})

    assert whole.json() == {"text": "A summary."}
    assert parts.text.startswith(': ping\n\ndata: {"text": "A "}\n\n')
    assert parts.text.endswith("event: done\ndata: {}\n\n")


async def test_error_in_a_stream_is_an_event_with_its_code(plain: httpx2.AsyncClient, fake_model: FakeModel) -> None:
    fake_model.instead = ["unfinished"]

    parts = await plain.post("/answers", headers={"Accept": "text/event-stream"})

    assert "event: error" in parts.text
    assert '"code": "answer_cut_off"' in parts.text


async def test_route_without_a_provider_is_409(plain: httpx2.AsyncClient, app_with_route: FastAPI) -> None:
    app_with_route.state.llm = None

    answer = await plain.post("/answers")

    assert (answer.status_code, answer.json()["code"]) == (409, "no_language_model")


def test_prompt_is_in_the_language_of_the_caller_or_in_english(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(prompts, "FOLDER", tmp_path)
    for language in ("en", "fr"):
        (tmp_path / f"of_this_test.{language}.md").write_text(language)

    assert [prompts.read_prompt("of_this_test", language) for language in ("fr", "de", "en")] == ["fr", "en", "en"]


async def test_answer_is_recorded_with_what_it_has_cost(model: LanguageModel, database: Database) -> None:
    answer = await model.complete(QUESTION, caller=None)

    async with database.session() as session:
        row = (await session.scalars(select(LlmUsage))).one()
    assert answer == "A summary."
    assert (row.model, row.tokens_in, row.tokens_out, row.is_partial, row.cost) == ("well", 30, 3, False, 14)


async def test_next_model_is_asked_before_the_first_token_and_not_after_it(
    model: LanguageModel, fake_model: FakeModel
) -> None:
    fake_model.instead = ["503"]
    answer = await model.complete(QUESTION, caller=None)
    fake_model.instead = ["unfinished"]
    with pytest.raises(AnswerCutOff):
        await model.complete(QUESTION, caller=None)

    assert answer == "A summary."
    assert fake_model.models == ["well", "second", "well"]


async def test_caller_gets_no_more_than_the_tokens_of_a_day(model: LanguageModel, database: Database) -> None:
    async with database.session() as session:
        made = await users.create(session, auth_provider="test", auth_subject="a", display_name="A", locale="en")

    first = await model.complete(QUESTION, caller=made.id)
    second = await model.complete(QUESTION[:1], caller=None)
    with pytest.raises(TokenBudgetUsedUp):
        await model.complete([Message("user", "x" * 80)], caller=made.id)

    assert (first, second) == ("A summary.", "A summary.")


async def test_answer_has_the_form_that_was_asked_for(model: LanguageModel, fake_model: FakeModel) -> None:
    fake_model.answers = ["A text.", '{"text": "about analysis"}']

    answer = await ask(model, Text, QUESTION, caller=None)

    assert answer == Text(text="about analysis")
    assert "does not fit" in fake_model.asked[1]["messages"][-1]["content"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"llm_base_url": "models.example.com/v1"},
        {"llm_base_url": "https://:key@models.example.com/v1"},
        {"llm_models": ""},
        {"llm_prices": "gpt-5-mini"},
        {"llm_prices": "gpt-5-mini=1"},
        {"llm_prices": "gpt-5-mini=1/-2"},
        {"llm_prices": "gpt-5-mini=nan/2"},
    ],
    ids=str,
)
def test_wrong_setting_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        LlmSettings.model_validate(wrong)
