"""The cache in Redis: what it promises in memory, and how often it computes in each state of Redis."""

import asyncio
from collections.abc import Callable

import pytest
from service_devkit.redis import ThrowawayRedis

from app.cache.cache import Cache
from app.cache.store import Store
from app.redis.cache import RedisStore
from tests.cache.computations import Computation, get_numbers, until
from tests.cache.test_cache import *  # noqa: F403 - the same tests, on the store below
from tests.plugins.redis import OpenClient


@pytest.fixture  # type: ignore[no-redef] # in place of memory
async def store(redis_url: str, open_redis: OpenClient) -> Store:
    """Where the cache keeps what it knows."""
    return RedisStore(await open_redis(redis_url))


def _full(redis: ThrowawayRedis) -> None:
    redis.command("CONFIG", "SET", "maxmemory", "1")


@pytest.mark.parametrize("harm", [ThrowawayRedis.kill, ThrowawayRedis.freeze, _full], ids=["killed", "frozen", "full"])
@pytest.mark.parametrize("when", ["before", "during"])
async def test_fifty_callers_cost_one_computation_in_every_state_of_redis(
    open_redis: OpenClient, harm: Callable[[ThrowawayRedis], None], when: str
) -> None:
    with ThrowawayRedis() as redis:
        cache, compute = Cache(RedisStore(await open_redis(redis.url, patience=0.5))), Computation()
        compute.done.clear()
        if when == "before":
            harm(redis)
        callers = [asyncio.create_task(get_numbers(cache, compute)) for _ in range(50)]
        await until(lambda: compute.times == 1)
        if when == "during":
            harm(redis)
        compute.done.set()

        answers = await asyncio.gather(*callers)
        later = await asyncio.gather(*(get_numbers(cache, compute) for _ in range(50)))

    assert answers == later == [[1]] * 50 or (answers, later) == ([[1]] * 50, [[2]] * 50)  # once more where it was lost


async def test_what_was_forgotten_while_redis_was_away_does_not_return(
    redis_server: ThrowawayRedis, open_redis: OpenClient
) -> None:
    client = await open_redis(redis_server.url)
    cache, other = Cache(RedisStore(client)), Cache(RedisStore(await open_redis(redis_server.url)))
    await get_numbers(other, Computation([1]), tags=("tag",))
    redis_server.command("CONFIG", "SET", "maxmemory", "1")  # away for writes, and nothing is lost
    await cache.forget("tag")
    redis_server.command("CONFIG", "SET", "maxmemory", "0")
    await until(lambda: not client.is_down)

    await get_numbers(cache, Computation([2]), tags=("tag",))

    assert await get_numbers(other, Computation([3]), tags=("tag",)) == [2]
