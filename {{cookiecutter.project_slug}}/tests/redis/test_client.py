"""The client: what a Redis in any state costs those who ask."""

import asyncio
import time

import pytest
from redis.asyncio import Redis
from redis.exceptions import DataError
from service_devkit.redis import ThrowawayRedis

from app.redis.client import RedisClient, RedisUnavailable
from tests.plugins.redis import OpenClient

NOBODY = "redis://127.0.0.1:9"


async def test_it_reads_what_another_process_wrote(redis_url: str, open_redis: OpenClient) -> None:
    one, two = await open_redis(redis_url), await open_redis(redis_url)

    await one.ask(lambda redis: redis.set(one.key("k"), b"v"))

    assert await two.ask(lambda redis: redis.get(two.key("k"))) == b"v"


async def test_service_starts_without_redis_and_asks_it_nothing(
    open_redis: OpenClient, logs: list[dict[str, object]]
) -> None:
    client = await open_redis(NOBODY)

    for _ in range(3):
        with pytest.raises(RedisUnavailable):
            await client.ask(_must_not_run)

    assert [line["event"] for line in logs] == ["redis failed"]
    assert not await client.answers()


async def test_wrong_password_is_said_in_the_log_without_it(
    redis_server: ThrowawayRedis, open_redis: OpenClient, logs: list[dict[str, object]]
) -> None:
    client = await open_redis(redis_server.url.replace(redis_server.password, "hunter2"))

    assert client.is_down
    assert "invalid username-password pair" in str(logs[0]["reason"])
    assert "hunter2" not in str(logs)


async def test_frozen_redis_costs_each_request_under_way_its_timeout_and_the_next_nothing(
    redis_server: ThrowawayRedis, open_redis: OpenClient
) -> None:
    client = await open_redis(redis_server.url, patience=0.2)
    redis_server.freeze()
    try:
        started = time.monotonic()
        answers = await asyncio.gather(*(client.ask(_ping) for _ in range(80)), return_exceptions=True)
        first = time.monotonic() - started
        started = time.monotonic()
        for _ in range(1000):
            with pytest.raises(RedisUnavailable):
                await client.ask(_ping)
        next_thousand = time.monotonic() - started
    finally:
        redis_server.thaw()

    assert {type(answer) for answer in answers} == {RedisUnavailable}
    # One after the other they would take 16 s and 200 s.
    assert 0.15 < first < 8
    assert next_thousand < 20


async def test_redis_that_was_killed_and_came_back_is_used_again(
    redis_server: ThrowawayRedis, open_redis: OpenClient, logs: list[dict[str, object]]
) -> None:
    client = await open_redis(redis_server.url)
    await client.ask(_ping)
    redis_server.kill()
    try:
        with pytest.raises(RedisUnavailable):
            await client.ask(_ping)
    finally:
        redis_server.start()

    await _until_up(client)

    assert await client.ask(_ping)
    assert [line["event"] for line in logs] == ["redis failed", "redis is back"]


@pytest.mark.parametrize(
    ("harm", "heal"),
    [("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"), ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE")],
)
async def test_redis_that_only_reads_is_down_until_it_takes_writes(
    redis_server: ThrowawayRedis, open_redis: OpenClient, harm: str, heal: str
) -> None:
    client = await open_redis(redis_server.url)
    redis_server.command(*harm.split())
    try:
        ready = await client.answers()
        with pytest.raises(RedisUnavailable):
            await client.ask(lambda redis: redis.set("k", b"v"))
    finally:
        redis_server.command(*heal.split())

    assert not ready
    await _until_up(client)


async def test_restarted_redis_costs_no_request(redis_server: ThrowawayRedis, open_redis: OpenClient) -> None:
    client = await open_redis(redis_server.url)
    await asyncio.gather(*(client.ask(_ping) for _ in range(20)))  # as many connections as there are

    redis_server.kill()
    await asyncio.to_thread(redis_server.start)  # meanwhile the loop sees that the connections have ended

    assert await asyncio.gather(*(client.ask(_ping) for _ in range(20))) == [True] * 20


async def test_mistake_of_ours_is_no_failure_of_redis(redis_url: str, open_redis: OpenClient) -> None:
    client = await open_redis(redis_url)

    with pytest.raises(DataError):
        await client.ask(lambda redis: redis.set("k", object()))  # type: ignore[arg-type] # the mistake

    assert not client.is_down


async def _ping(redis: Redis) -> bool:
    return bool(await redis.ping())


async def _must_not_run(_redis: Redis) -> None:
    raise AssertionError("the circuit is open")


async def _until_up(client: RedisClient) -> None:
    async with asyncio.timeout(60):
        while client.is_down:  # noqa: ASYNC110 - nothing but the client knows
            await asyncio.sleep(0.02)
