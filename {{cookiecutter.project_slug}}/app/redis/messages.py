"""Messages from process to process, for those who listen at that moment: Redis keeps none."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from app.core.logging import get_logger
from app.redis.client import PROBE_SECONDS, RedisClient

log = get_logger(__name__)
CHECK_SECONDS: Final = 3.0  # a server that keeps silent for twice as long is lost


async def publish(client: RedisClient, channel: str, text: str) -> None:
    """Send to everybody who listens to a channel of this service.

    Raises:
        RedisUnavailable: nobody got it.
    """
    await client.ask(lambda redis: redis.publish(client.key(channel), text))


@asynccontextmanager
async def listening(
    client: RedisClient, channel: str, *, receive: Callable[[str], None], missed: Callable[[], None]
) -> AsyncIterator[None]:
    """Call `receive` with each message, for the time of the block, on a connection of its own.

    `missed` is called each time when it has begun to listen, and when it no longer does: what was sent in between is lost.
    """
    task = asyncio.create_task(_listen(client, channel, receive, missed))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _listen(
    client: RedisClient, channel: str, receive: Callable[[str], None], missed: Callable[[], None]
) -> None:
    while True:
        if not client.is_down:
            try:
                async with client.redis.pubsub() as messages:
                    await messages.subscribe(client.key(channel))
                    missed()
                    await _receive(messages, receive)
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("redis messages lost", reason=f"{type(error).__name__}: {error}")
            missed()
        await asyncio.sleep(PROBE_SECONDS)


async def _receive(messages: PubSub, receive: Callable[[str], None]) -> None:
    """Pass messages on until the server keeps silent; a ping has to be answered."""
    is_asked = False
    while True:
        message = await messages.get_message(timeout=CHECK_SECONDS)
        if message is None:
            if is_asked:
                raise TimeoutError("no answer to a ping")
            await messages.ping()
            is_asked = True
            continue
        is_asked = False
        if message["type"] == "message":
            _pass_on(receive, message["data"].decode())


def _pass_on(receive: Callable[[str], None], text: str) -> None:
    try:
        receive(text)
    except Exception:  # one message that cannot be used ends no connection
        log.exception("redis message not understood")
