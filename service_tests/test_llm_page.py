"""The code of docs/llm.md, as the page has it."""

import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import ModuleType, SimpleNamespace
from typing import Annotated, Any, Final

import httpx2
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from pydantic import BaseModel

from app.api.deps import authenticate, get_current_user
from app.core.settings import Settings
from app.core.settings.llm import LlmSettings
from app.db.database import Database
from app.llm.completion import AnswerCutOff, Message, ModelUnavailable
from app.llm.model import LanguageModel
from app.main import create_app
from app.parts.llm import language_model
from app.services.users import Caller
from tests.plugins.client import open_client
from tests.plugins.environment import ROOT
from tests.plugins.fake_model import FakeModel, piece

BLOCKS: Final = [block.split("```")[0] for block in (ROOT / "docs" / "llm.md").read_text().split("```python\n")[1:]]
ROUTE, REMEMBERED, FORM, SDK = BLOCKS
ADA: Final = SimpleNamespace(id=None)


class Greeting(BaseModel):
    """What the route answers."""

    text: str


@pytest.fixture
def app(fake_model: FakeModel, settings: Settings, database: Database) -> FastAPI:
    """An application with the route of the page."""
    router = APIRouter(dependencies=[Depends(authenticate)])
    may_read = Annotated[Caller, Depends(get_current_user)]
    given = {"router": router, "Greeting": Greeting, "MayRead": may_read, "Request": Request}
    exec(ROUTE, given)  # noqa: S102 - our own page
    asks = {"llm_base_url": fake_model.url, "llm_models": ["well"]}
    app = create_app(settings.model_copy(update=asks), database=database)
    app.include_router(router)
    return app


async def test_route_of_the_page_answers_at_once_and_in_parts(client: httpx2.AsyncClient) -> None:
    plain = await client.post("/greetings")
    streamed = await client.post("/greetings", headers={"Accept": "text/event-stream"})

    assert plain.json() == {"text": "A summary."}
    assert streamed.text.endswith('data: {"text": "."}\n\nevent: done\ndata: {}\n\n')


@asynccontextmanager
async def _model(fake_model: FakeModel, database: Database) -> AsyncIterator[LanguageModel]:
    settings = LlmSettings(llm_base_url=fake_model.url, llm_models=["well"])
    async with language_model(settings, database) as model:
        yield model


async def _run(block: str, **given: object) -> dict[str, Any]:
    """What a block with `await` in it has defined."""
    lines = "\n".join(f"    {line}" for line in block.splitlines())
    names: dict[str, Any] = dict(given)
    exec(f"async def run():\n{lines}\n    return locals()", names)  # noqa: S102 - our own page
    found: dict[str, Any] = await names["run"]()
    return found


async def test_answer_of_the_page_has_its_form(fake_model: FakeModel, database: Database) -> None:
    fake_model.answers = ['{"words": ["analysis"]}']

    async with _model(fake_model, database) as model:
        names = await _run(FORM, model=model, Message=Message, text="A text", user=ADA)

    assert names["found"].words == ["analysis"]


async def test_answer_is_remembered_as_the_page_says(app: FastAPI, fake_model: FakeModel, database: Database) -> None:
    async def work(_request: object, work: Awaitable[str]) -> str:
        return await work

    request = SimpleNamespace(app=app)
    given = {
        "request": request,
        "asked": [Message("user", "Ada")],
        "user": ADA,
        "while_connected": work,
        "Cache": object,
    }
    async with open_client(app), _model(fake_model, database) as model:
        names = [await _run(REMEMBERED, model=model, **given) for _ in range(2)]

    assert [each["text"] for each in names] == ["A summary."] * 2
    assert len(fake_model.asked) == 1


class APIError(Exception):
    """As the SDK has it."""


class Sdk:
    """As much of the SDK as the page uses: it gives these chunks, then the error if there is one."""

    def __init__(self, *chunks: dict[str, Any], error: Exception | None = None) -> None:
        self.chat = SimpleNamespace(completions=SimpleNamespace(create=self._create))
        self._chunks, self._error = chunks, error
        self.asked: dict[str, object] = {}
        self.is_closed = False

    async def _create(self, **asked: object) -> AbstractAsyncContextManager[AsyncIterator[SimpleNamespace]]:
        self.asked = asked
        return self._stream()

    @asynccontextmanager
    async def _stream(self) -> AsyncIterator[AsyncIterator[SimpleNamespace]]:
        try:
            yield self._each()
        finally:
            self.is_closed = True

    async def _each(self) -> AsyncIterator[SimpleNamespace]:
        for chunk in self._chunks:
            choices = [
                SimpleNamespace(delta=SimpleNamespace(**each["delta"]), finish_reason=each["finish_reason"])
                for each in chunk["choices"]
            ]
            usage = SimpleNamespace(**chunk["usage"]) if "usage" in chunk else None
            yield SimpleNamespace(choices=choices, usage=usage)
        if self._error:
            raise self._error


async def _ask(monkeypatch: pytest.MonkeyPatch, sdk: Sdk, database: Database) -> tuple[str, LanguageModel]:
    module = ModuleType("openai")
    module.__dict__.update(APIError=APIError, AsyncOpenAI=Sdk)
    monkeypatch.setitem(sys.modules, "openai", module)
    given: dict[str, Any] = {}
    exec(SDK, given)  # noqa: S102 - our own page
    model = LanguageModel(given["OpenAICompletion"](sdk, "gpt-5-mini"), database, LlmSettings())
    return await model.complete([Message("user", "Ada")], caller=None), model


async def test_sdk_behind_the_port_answers_and_says_what_it_has_used(
    monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    used = {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 1}}
    sdk = Sdk(piece("Hello."), piece(None, "stop"), used)

    answer, model = await _ask(monkeypatch, sdk, database)

    assert answer == "Hello."
    assert sdk.is_closed
    assert sdk.asked["messages"] == [{"role": "user", "content": "Ada"}]
    assert model.tokens == {"in": 5, "out": 1}


@pytest.mark.parametrize(
    ("sdk", "error"),
    [
        (Sdk(error=APIError()), ModelUnavailable),
        (Sdk(piece("Hel"), error=APIError()), AnswerCutOff),
        (Sdk(piece("Hel")), AnswerCutOff),
    ],
    ids=["nothing", "an error", "no finish_reason"],
)
async def test_failures_of_the_sdk_are_those_of_the_port(
    monkeypatch: pytest.MonkeyPatch, database: Database, sdk: Sdk, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await _ask(monkeypatch, sdk, database)

    assert sdk.is_closed
