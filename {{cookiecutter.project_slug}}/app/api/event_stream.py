"""Answers that come in parts, as server-sent events."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from fastapi import Request
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from starlette.types import Message, Receive, Scope, Send

from app.core.errors import AppError
from app.core.logging import get_logger
from app.core.problems import problem

log = get_logger(__name__)

KEEP_ALIVE_SECONDS: Final = 15.0  # less than proxies wait for the next byte
SEND_SECONDS: Final = 10.0  # in which a client has to take what it is sent
# The second is for nginx, which would collect.
_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventStream(EventSourceResponse):
    """Texts as events `{"text": ...}`, then an event `done`, or `error` with a problem document. However it ends, the texts are closed.

    FastAPI's own encoding of what a handler yields chooses by the route, not by what the request accepts.
    """

    def __init__(self, request: Request, texts: AsyncGenerator[str, None]) -> None:
        self._texts, self._events = texts, _events(request, texts)
        super().__init__(self._events, headers=_HEADERS)

    @classmethod
    async def begin(cls, request: Request, texts: AsyncGenerator[str, None]) -> "EventStream":
        """A stream whose first text is there: what fails before it is an answer with a status."""
        await anext(texts)
        return cls(request, texts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send all of it, or as much as the client stays for."""
        async with aclosing(self._texts), aclosing(self._events):
            await super().__call__(scope, receive, send)

    async def stream_response(self, send: Send) -> None:
        """Send each part, and hang up where one takes too long."""

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(SEND_SECONDS):
                await send(message)

        try:
            await super().stream_response(send_in_time)
        except TimeoutError:
            log.info("a client does not read its stream")


def wants_events(request: Request) -> bool:
    """Whether the client asks for server-sent events."""
    return "text/event-stream" in request.headers.get("accept", "")


async def _events(request: Request, texts: AsyncGenerator[str, None]) -> AsyncGenerator[bytes, None]:
    yield KEEPALIVE_COMMENT  # some clients and proxies wait for a first byte
    try:
        async with aclosing(_kept_alive(texts)) as parts:
            async for text in parts:
                yield format_sse_event(data_str=json.dumps({"text": text})) if text else KEEPALIVE_COMMENT
        yield format_sse_event(event="done", data_str="{}")
    except Exception as error:  # the status was sent long ago: an event is all that is left to say it
        if not isinstance(error, AppError):
            log.exception("a stream has failed")
        known = error if isinstance(error, AppError) else AppError()
        request.state.cause = known.reason or known.code
        answer = problem(request.scope, status=known.status, code=known.code, detail=known.detail)
        yield format_sse_event(event="error", data_str=bytes(answer.body).decode())


async def _kept_alive(texts: AsyncGenerator[str, None]) -> AsyncGenerator[str, None]:
    """The texts, with an empty one wherever none has come for a while."""
    while True:
        coming = asyncio.ensure_future(anext(texts))
        try:
            while not (await asyncio.wait({coming}, timeout=KEEP_ALIVE_SECONDS))[0]:
                yield ""
            yield coming.result()
        except StopAsyncIteration:
            return
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
