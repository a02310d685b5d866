"""Live updates as server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from starlette.types import Message, Send

from app.core.logging import get_logger
from app.live.hub import LEFT, TRY_LATER, Subscriber

log = get_logger(__name__)

# Less than proxies wait for the next byte; and by then a client that is gone is noticed.
KEEP_ALIVE_SECONDS: Final = 15.0
# The second is for nginx, which would collect.
_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class LiveStream(EventSourceResponse):
    """What a subscriber is sent, up to an event `end` with the code of the end.

    FastAPI's own encoding of what a handler yields has no limit for a client that does not read.
    """

    def __init__(self, subscriber: Subscriber, *, seconds: float) -> None:
        super().__init__(_events(subscriber), headers=_HEADERS)
        self._subscriber = subscriber
        self._seconds = seconds

    async def stream_response(self, send: Send) -> None:
        """Send each piece, and hang up where one takes too long."""

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(self._seconds):
                await send(message)

        try:
            await super().stream_response(send_in_time)
        except TimeoutError:
            self._subscriber.end(TRY_LATER)
        finally:
            self._subscriber.end(LEFT)  # unless it has ended
            log.info(
                "live connection ended", user_id=str(self._subscriber.user_id), code=self._subscriber.ended.result()
            )


async def _events(subscriber: Subscriber) -> AsyncIterator[bytes]:
    yield KEEPALIVE_COMMENT  # what is read now is not older than what will be heard
    while True:
        try:
            async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                message = await subscriber.next()
        except TimeoutError:
            yield KEEPALIVE_COMMENT
            continue
        if message is None:
            break
        yield format_sse_event(data_str=message)
    yield format_sse_event(event="end", data_str=str(subscriber.ended.result()))
