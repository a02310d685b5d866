"""A provider of language models on 127.0.0.1, which does to each request what the name of the model says, and knows who has left."""

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from app.core.settings import Settings
from app.db.database import Database
from app.main import create_app
from tests.plugins.client import open_client

Body = dict[str, Any]
USAGE: Body = {"choices": [], "usage": {"prompt_tokens": 30, "completion_tokens": 3}}


def piece(text: str | None, finish: str | None = None) -> Body:
    """A part of an answer."""
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]}


class FakeModel:
    """The server. `answers` are the next texts of a model that is well, `instead` what happens next whatever the model is called."""

    def __init__(self) -> None:
        self.asked: list[Body] = []
        self.instead: list[str] = []
        self.answers: list[str] = []
        self.left: list[float] = []
        self.keys: list[str] = []
        self.retry_after = "0"
        self.url = ""

    @property
    def models(self) -> list[str]:
        """Which models were asked, in order."""
        return [str(body["model"]) for body in self.asked]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request; `left` has the moment at which its client went away before the end."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            body = json.loads(await reader.readexactly(int(head.partition("content-length:")[2].split()[0])))
            self.asked.append(body)
            self.keys.append(head.partition("authorization: ")[2].partition("\r\n")[0])
            what = self.instead.pop(0) if self.instead else body["model"]
            what = what if head.startswith("post /v1/chat/completions ") else "404"
            answering, leaving = asyncio.create_task(self._answer(what, writer)), asyncio.create_task(reader.read(1))
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                self.left.append(time.monotonic())
            for task in (answering, leaving):
                task.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)
        writer.close()

    async def _answer(self, what: str, writer: asyncio.StreamWriter) -> None:
        if what == "silent":
            await asyncio.Event().wait()
        if what.isdigit():
            head = f"HTTP/1.1 {what} X\r\nretry-after: {self.retry_after}\r\ncontent-length: 2\r\n\r\n"
            await _send(writer, head + json.dumps({}))
            return
        media_type = "text/html" if what == "wrong type" else "text/event-stream"
        coding = "content-encoding: gzip\r\n" if what == "compressed" else ""
        await _send(writer, f"HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\n{coding}connection: close\r\n\r\n")
        behaviour: Callable[[asyncio.StreamWriter], Awaitable[None]] = _BEHAVIOURS.get(what, self._well)
        await behaviour(writer)

    async def _well(self, writer: asyncio.StreamWriter) -> None:
        for text in [self.answers.pop(0)] if self.answers else ["A ", "summary", "."]:
            await _event(writer, piece(text))
        await _event(writer, piece(None, "stop"))
        await _event(writer, USAGE)
        await _send(writer, "data: [DONE]\n\n")


async def _send(writer: asyncio.StreamWriter, text: str) -> None:
    writer.write(text.encode())
    await writer.drain()


async def _event(writer: asyncio.StreamWriter, chunk: Body) -> None:
    await _send(writer, f"data: {json.dumps(chunk)}\n\n")


async def _begins(writer: asyncio.StreamWriter) -> None:
    await _event(writer, piece("A "))


async def _late(_writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def _slow(writer: asyncio.StreamWriter) -> None:
    await _begins(writer)
    await asyncio.Event().wait()


async def _cut(writer: asyncio.StreamWriter) -> None:
    await _begins(writer)
    writer.transport.abort()


async def _endless(writer: asyncio.StreamWriter) -> None:
    while True:
        await _event(writer, piece("and " * 100))


async def _chatter(writer: asyncio.StreamWriter) -> None:
    while True:
        await _send(writer, ": still there\n\n")
        await asyncio.sleep(0.01)


async def _long_line(writer: asyncio.StreamWriter) -> None:
    await _send(writer, "data: ")
    for _ in range(50):
        await _send(writer, "x" * 1_000_000)
    await asyncio.Event().wait()


async def _compressed(writer: asyncio.StreamWriter) -> None:
    writer.write(gzip.compress(f"data: {json.dumps(piece('A whole answer.', 'stop'))}\n\n".encode()))
    await writer.drain()


async def _wrong_json(writer: asyncio.StreamWriter) -> None:
    await _send(writer, 'data: {"choices": [\n\n')


async def _wrong_shape(writer: asyncio.StreamWriter) -> None:
    await _event(writer, {"choices": "secret of the caller"})


async def _error(writer: asyncio.StreamWriter) -> None:
    await _event(writer, {"error": {"message": "secret of the caller"}})
    await _event(writer, piece("A whole answer all the same.", "stop"))


async def _filtered(writer: asyncio.StreamWriter) -> None:
    await _begins(writer)
    await _event(writer, piece(None, "content_filter"))


async def _empty(writer: asyncio.StreamWriter) -> None:
    await _event(writer, piece(None, "stop"))


_BEHAVIOURS: dict[str, Callable[[asyncio.StreamWriter], Awaitable[None]]] = {
    "late": _late,
    "slow": _slow,
    "cut": _cut,
    "unfinished": _begins,
    "endless": _endless,
    "chatter": _chatter,
    "long line": _long_line,
    "compressed": _compressed,
    "wrong json": _wrong_json,
    "wrong shape": _wrong_shape,
    "error": _error,
    "filtered": _filtered,
    "empty": _empty,
}


@pytest.fixture
async def fake_model() -> AsyncIterator[FakeModel]:
    """A provider that listens."""
    fake = FakeModel()
    async with await asyncio.start_server(fake.serve, "127.0.0.1", 0) as server:
        fake.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        yield fake


@pytest.fixture
async def client_with_model(
    fake_model: FakeModel, settings: Settings, database: Database, sign_in: Callable[[str], dict[str, str]]
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client signed in as Ada, of an application that asks `fake_model`."""
    asks = {"llm_base_url": fake_model.url, "llm_models": ["well"], "llm_answer_tokens": 100}
    app: FastAPI = create_app(settings.model_copy(update=asks), database=database)
    async with open_client(app) as client:
        client.headers.update(sign_in("Ada"))
        yield client
