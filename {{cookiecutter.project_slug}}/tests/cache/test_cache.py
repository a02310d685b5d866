"""The cache, the same in memory and in Redis; how often it computes in each state of Redis."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import pytest
from pydantic import BaseModel
from service_devkit.redis import ThrowawayRedis

from app.cache.cache import Cache
from app.cache.entries import Kind
from app.cache.store import MemoryStore, Store
from app.redis.cache import RedisStore
from tests.plugins.redis import OpenClient

ADA, BEA = UUID(int=1), UUID(int=2)
NUMBERS = Kind("numbers", list[int], seconds=60)


class Computation:
    """Counts how often it is done; it takes as long as `done` says."""

    def __init__(self, value: list[int] | None = None) -> None:
        self.times = 0
        self.value = value
        self.done = asyncio.Event()
        self.done.set()

    async def __call__(self) -> list[int]:
        self.times += 1
        times = self.times
        await self.done.wait()
        return self.value or [times]


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest, redis_url: str, open_redis: OpenClient) -> Store:
    """Each place where the cache can keep what it knows."""
    return MemoryStore() if request.param == "memory" else RedisStore(await open_redis(redis_url))


@pytest.fixture
def cache(store: Store) -> Cache:
    """The cache of one process."""
    return Cache(store)


async def _get(cache: Cache, compute: Computation, *key: str, **how: object) -> list[int]:
    varies = {"caller": None, "language": None, "tags": (), **how}
    return await cache.get(NUMBERS, *key, compute=compute, **varies)  # type: ignore[arg-type] # of a test's own making


async def test_second_caller_gets_what_the_first_computed(cache: Cache) -> None:
    compute = Computation()

    assert [await _get(cache, compute), await _get(cache, compute)] == [[1], [1]]
    assert cache.results == {"hit": 1, "stale": 0, "miss": 1}


@pytest.mark.parametrize(
    ("key", "how"),
    [(("other",), {}), ((), {"caller": ADA}), ((), {"caller": BEA}), ((), {"language": "fr"}), (("", ""), {})],
)
async def test_answers_of_one_are_not_those_of_another(
    cache: Cache, key: tuple[str, ...], how: dict[str, object]
) -> None:
    await _get(cache, Computation([1]))

    assert await _get(cache, Computation([2]), *key, **how) == [2]


@pytest.mark.parametrize("forgotten", ["numbers", "tag"])
async def test_what_was_forgotten_is_computed_again_in_every_process(store: Store, forgotten: str) -> None:
    one, two, compute = Cache(store), Cache(store), Computation()
    await _get(one, compute, tags=("tag",))

    await two.forget(forgotten)

    assert await _get(one, compute, tags=("tag",)) == [2]


async def test_change_during_a_computation_makes_it_a_miss(cache: Cache) -> None:
    compute = Computation()
    compute.done.clear()
    under_way = asyncio.create_task(_get(cache, compute, tags=("tag",)))
    await _until(lambda: compute.times == 1)

    await cache.forget("tag")
    compute.done.set()
    await under_way

    assert await _get(cache, compute, tags=("tag",)) == [2]


async def test_value_of_another_shape_is_a_miss(cache: Cache) -> None:
    class Old(BaseModel):
        name: str

    async def old() -> Old:
        return Old(name="x")

    await cache.get(Kind("numbers", Old, seconds=60), caller=None, language=None, compute=old)

    assert await _get(cache, Computation()) == [1]


async def test_what_callers_do_with_an_answer_is_theirs_alone(cache: Cache) -> None:
    compute = Computation()
    (await _get(cache, compute)).append(13)

    assert await _get(cache, compute) == [1]


async def test_error_is_everybodys_and_is_not_kept(cache: Cache) -> None:
    async def fail() -> list[int]:
        raise LookupError("nothing there")

    asked = [cache.get(NUMBERS, caller=None, language=None, compute=fail) for _ in range(3)]
    assert [type(error) for error in await asyncio.gather(*asked, return_exceptions=True)] == [LookupError] * 3

    assert await _get(cache, Computation()) == [1]


async def test_caller_who_leaves_does_not_end_the_computation_of_others(cache: Cache) -> None:
    compute = Computation()
    compute.done.clear()
    first, second = (asyncio.create_task(_get(cache, compute)) for _ in range(2))
    await _until(lambda: compute.times == 1)

    first.cancel()
    compute.done.set()

    assert await second == [1]


async def test_stale_answer_is_given_while_one_refreshes(store: Store) -> None:
    cache, compute = Cache(store), Computation()
    kind = Kind("stale", list[int], seconds=0.05, stale=60)
    await cache.get(kind, caller=None, language=None, compute=compute)
    await asyncio.sleep(0.06)
    compute.done.clear()

    answers = [await cache.get(kind, caller=None, language=None, compute=compute) for _ in range(5)]

    assert answers == [[1]] * 5
    await _until(lambda: compute.times == 2)
    await cache.close()


async def test_fifty_callers_in_two_processes_cost_one_computation(store: Store) -> None:
    one, two, compute = Cache(store), Cache(store), Computation()
    compute.done.clear()
    callers = [asyncio.create_task(_get(cache, compute)) for cache in (one, two) for _ in range(50)]
    await _until(lambda: compute.times == 1)
    compute.done.set()

    assert await asyncio.gather(*callers) == [[1]] * 100


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
        callers = [asyncio.create_task(_get(cache, compute)) for _ in range(50)]
        await _until(lambda: compute.times == 1)
        if when == "during":
            harm(redis)
        compute.done.set()

        answers = await asyncio.gather(*callers)
        later = await asyncio.gather(*(_get(cache, compute) for _ in range(50)))

    assert answers == later == [[1]] * 50 or (answers, later) == ([[1]] * 50, [[2]] * 50)  # once more where it was lost


async def test_what_was_forgotten_while_redis_was_away_does_not_return(
    redis_server: ThrowawayRedis, open_redis: OpenClient
) -> None:
    client = await open_redis(redis_server.url)
    cache, other = Cache(RedisStore(client)), Cache(RedisStore(await open_redis(redis_server.url)))
    await _get(other, Computation([1]), tags=("tag",))
    redis_server.command("CONFIG", "SET", "maxmemory", "1")  # away for writes, and nothing is lost
    await cache.forget("tag")
    redis_server.command("CONFIG", "SET", "maxmemory", "0")
    await _until(lambda: not client.is_down)

    await _get(cache, Computation([2]), tags=("tag",))

    assert await _get(other, Computation([3]), tags=("tag",)) == [2]


async def test_memory_is_bounded_in_entries_and_bytes() -> None:
    store = MemoryStore(max_entries=3, max_bytes=100)
    for number in range(10):
        await store.write(f"key {number}", b"x" * 10, seconds=60)
    kept = await store.read(*(f"key {number}" for number in range(10)))
    await store.write("big", b"x" * 95, seconds=60)
    await store.write("too big", b"x" * 101, seconds=60)

    assert kept == [None] * 7 + [b"x" * 10] * 3
    assert await store.read("key 9", "big", "too big") == [None, b"x" * 95, None]


async def test_memory_keeps_for_its_time() -> None:
    now = 0.0
    store = MemoryStore(clock=lambda: now)
    await store.write("key", b"value", seconds=10)
    now = 9.9
    before = await store.read("key")
    now = 10.0

    assert (before, await store.read("key")) == ([b"value"], [None])


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.005)
