"""Messages from process to process."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from service_devkit.redis import ThrowawayRedis

from app.redis.client import RedisUnavailable
from app.redis.messages import listening, publish
from tests.plugins.redis import OpenClient


async def test_message_reaches_every_process_that_listens_and_a_bad_one_ends_nothing(
    redis_url: str, open_redis: OpenClient
) -> None:
    heard: list[str] = []
    began: list[str] = []

    def receive(text: str) -> None:
        if text == "bad":
            raise ValueError(text)
        heard.append(text)

    one, two = await open_redis(redis_url), await open_redis(redis_url)
    async with (
        listening(one, "c", receive=receive, missed=lambda: began.append("one")),
        listening(two, "c", receive=receive, missed=lambda: began.append("two")),
        listening(two, "other", receive=lambda _: heard.append("wrong"), missed=lambda: began.append("other")),
    ):
        await _until(lambda: len(began) == 3)

        for text in ("bad", "hé"):
            await publish(one, "c", text)

        await _until(lambda: len(heard) >= 2)
    assert heard == ["hé", "hé"]


async def test_listener_is_told_of_the_gap_and_hears_again(
    redis_server: ThrowawayRedis, open_redis: OpenClient
) -> None:
    heard: list[str] = []
    missed: list[None] = []
    client = await open_redis(redis_server.url)
    async with listening(client, "c", receive=heard.append, missed=lambda: missed.append(None)):
        await _until(lambda: len(missed) == 1)

        redis_server.kill()
        await _until(lambda: len(missed) == 2)
        await asyncio.to_thread(redis_server.start)
        while not heard:  # who does not listen yet hears nothing of it
            with suppress(RedisUnavailable):
                await publish(client, "c", "again")
            await asyncio.sleep(0.05)

    assert set(heard) == {"again"}


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
