"""Callers of a language model who leave, wait, ask at once, or do not read: what the provider and the database notice of it."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Mapping
from contextlib import aclosing, asynccontextmanager
from itertools import product
from typing import Final, cast

import httpx2
import pytest
from fastapi import Request
from service_devkit.fixtures.server import LiveServer, StartServer
from service_devkit.postgres.server import free_port

from app.api import event_stream
from app.api.event_stream import EventStream
from tests.mechanism.support import client_of, connection_to, eventually
from tests.plugins.fake_model import FakeModel

PLANS: Final = "/api/v1/study-plans"
EVENTS: Final = {"Accept": "text/event-stream"}
AT_ONCE: Final = 50


def _settings(fake_model: FakeModel, model: str) -> dict[str, str]:
    patience = {"LLM_FIRST_TOKEN_SECONDS": "300", "LLM_TOKEN_SECONDS": "300"}
    return {"LLM_BASE_URL": fake_model.url, "LLM_MODELS": model, "LLM_TOKENS_PER_DAY": "0", **patience}


async def _make(client: httpx2.AsyncClient) -> str:
    made = await client.post(PLANS, json={"title": f"Mathematics {time.monotonic_ns()}"})
    return f"{PLANS}/{made.json()['id']}/summary"


@asynccontextmanager
async def _asking(
    server: LiveServer, headers: Mapping[str, str], summary: str, fake_model: FakeModel, *, begins: str = "data:"
) -> AsyncIterator[None]:
    """A caller who leaves with the block, once the provider has been asked, and, where it is streamed, such a line has come."""

    async def read() -> None:
        async with client_of(server, headers) as client, client.stream("POST", summary) as answer:
            async for line in answer.aiter_lines():
                if line.startswith(begins):
                    begun.set()

    begun, asked = asyncio.Event(), len(fake_model.asked)
    reading = asyncio.create_task(read())
    await eventually(lambda: len(fake_model.asked) > asked)
    if "Accept" in headers:
        await begun.wait()
    try:
        yield
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def test_provider_is_let_go_of_within_a_second_when_the_caller_leaves_and_what_was_used_is_recorded(
    fresh_database_url: str, start_server: StartServer, fake_model: FakeModel, ada: dict[str, str]
) -> None:
    server = start_server(fresh_database_url, **_settings(fake_model, "well"))
    took: dict[tuple[str, bool], list[float]] = {}
    async with client_of(server, ada) as client:
        # Two of each: a busy machine may keep one of them waiting, and not for what the service does.
        for what, accept, _ in product(("late", "slow"), ({}, EVENTS), range(2)):
            fake_model.instead, before = [what], len(fake_model.left)
            begins = ":" if what == "late" else "data:"
            async with _asking(server, ada | accept, await _make(client), fake_model, begins=begins):
                pass
            left = time.monotonic()
            await eventually(lambda: len(fake_model.left) > before, within=30)  # noqa: B023 - awaited in this turn
            took.setdefault((what, accept == EVENTS), []).append(fake_model.left[-1] - left)

    assert {case: seconds for case, seconds in took.items() if min(seconds) >= 1} == {}
    assert len(took) == 4
    async with connection_to(fresh_database_url) as connection:
        settled = "SELECT count(*) FROM llm_usage WHERE is_partial AND model = 'well' AND tokens_out <= 1"
        await eventually(lambda: _is(connection.fetchval(settled), 8))


async def _is(found: Awaitable[int], wanted: int) -> bool:
    return await found == wanted


async def test_no_connection_of_the_database_is_held_while_the_model_works(
    fresh_database_url: str, start_server: StartServer, fake_model: FakeModel, ada: dict[str, str]
) -> None:
    pool = {"DB_POOL_SIZE": "1", "DB_POOL_OVERFLOW": "0"}
    server = start_server(fresh_database_url, **_settings(fake_model, "slow"), **pool)

    async with (
        client_of(server, ada) as client,
        _asking(server, ada | EVENTS, await _make(client), fake_model),
        _asking(server, ada, await _make(client), fake_model),
    ):
        answers = [await client.get(PLANS) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]


@pytest.mark.parametrize("shared", [False, True], ids=["alone", "with redis"])
async def test_fifty_callers_at_once_cost_one_call_of_the_model(
    fresh_database_url: str,
    redis_url: str,
    start_server: StartServer,
    fake_model: FakeModel,
    ada: dict[str, str],
    *,
    shared: bool,
) -> None:
    port = {} if shared else {"METRICS_PORT": str(free_port())}
    settings = _settings(fake_model, "well") | port | ({"REDIS_URL": redis_url, "REDIS_TIMEOUT": "5"} if shared else {})
    starts = [asyncio.to_thread(start_server, fresh_database_url, **settings) for _ in range(1 + shared)]
    servers = await asyncio.gather(*starts)

    async with client_of(servers[0], ada) as one, client_of(servers[-1], ada) as other:
        summary = await _make(one)
        answers = await asyncio.gather(*([one, other][number % 2].post(summary) for number in range(AT_ONCE)))

        if port:
            metrics = (await one.get(f"http://127.0.0.1:{port['METRICS_PORT']}/metrics")).text
            counted = [line.split() for line in metrics.splitlines() if line.startswith("model_tokens_total{")]
            assert [value for _, value in counted] == ["30.0", "3.0"]

    assert {(answer.status_code, answer.text) for answer in answers} == {(200, '{"summary":"A summary."}')}
    assert len(fake_model.asked) == 1


async def _texts(*texts: str, closed: asyncio.Event) -> AsyncGenerator[str, None]:
    """These texts, the first before the stream begins, and then none for ever."""
    try:
        for text in texts:
            yield text
        await asyncio.Event().wait()
    finally:
        closed.set()


async def test_stream_is_kept_alive_while_the_model_thinks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "KEEP_ALIVE_SECONDS", 0.01)
    closed, request = asyncio.Event(), Request({"type": "http", "headers": []})

    stream = await EventStream.begin(request, _texts("", "A", closed=closed))
    async with aclosing(cast("AsyncGenerator[bytes, None]", stream.body_iterator)) as events:
        sent = [await anext(events) for _ in range(4)]

    assert sent == [b": ping\n\n", b'data: {"text": "A"}\n\n', b": ping\n\n", b": ping\n\n"]


@pytest.mark.parametrize("message", ["http.response.start", "http.response.body"])
async def test_caller_who_does_not_read_is_hung_up_on_and_the_model_let_go_of(
    monkeypatch: pytest.MonkeyPatch, message: str
) -> None:
    monkeypatch.setattr(event_stream, "SEND_SECONDS", 0.01)
    closed, scope = asyncio.Event(), {"type": "http", "headers": [], "asgi": {"spec_version": "2.3"}}

    async def send(sent: Mapping[str, object]) -> None:
        if sent["type"] == message:
            await asyncio.Event().wait()

    async def receive() -> dict[str, str]:
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    stream = await EventStream.begin(Request(scope), _texts("", "A", closed=closed))
    await stream(scope, receive, send)

    assert closed.is_set()
