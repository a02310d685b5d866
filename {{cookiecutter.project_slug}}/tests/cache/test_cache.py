"""The cache, in the memory of a process."""

import asyncio
from uuid import UUID

import pytest
from pydantic import BaseModel

from app.cache.cache import Cache
from app.cache.entries import Kind
from app.cache.store import MemoryStore, Store
from tests.cache.computations import NUMBERS, Computation, get_numbers, until

ADA, BEA = UUID(int=1), UUID(int=2)


@pytest.fixture
async def store() -> Store:
    """Where the cache keeps what it knows."""
    return MemoryStore()


@pytest.fixture
def cache(store: Store) -> Cache:
    """The cache of one process."""
    return Cache(store)


async def test_second_caller_gets_what_the_first_computed(cache: Cache) -> None:
    compute = Computation()

    assert [await get_numbers(cache, compute), await get_numbers(cache, compute)] == [[1], [1]]
    assert cache.results == {"hit": 1, "stale": 0, "miss": 1}


@pytest.mark.parametrize(
    ("key", "how"),
    [(("other",), {}), ((), {"caller": ADA}), ((), {"caller": BEA}), ((), {"language": "fr"}), (("", ""), {})],
)
async def test_answers_of_one_are_not_those_of_another(
    cache: Cache, key: tuple[str, ...], how: dict[str, object]
) -> None:
    await get_numbers(cache, Computation([1]))

    assert await get_numbers(cache, Computation([2]), *key, **how) == [2]


@pytest.mark.parametrize("forgotten", ["numbers", "tag"])
async def test_what_was_forgotten_is_computed_again_in_every_process(store: Store, forgotten: str) -> None:
    one, two, compute = Cache(store), Cache(store), Computation()
    await get_numbers(one, compute, tags=("tag",))

    await two.forget(forgotten)

    assert await get_numbers(one, compute, tags=("tag",)) == [2]


async def test_change_during_a_computation_makes_it_a_miss(cache: Cache) -> None:
    compute = Computation()
    compute.done.clear()
    under_way = asyncio.create_task(get_numbers(cache, compute, tags=("tag",)))
    await until(lambda: compute.times == 1)

    await cache.forget("tag")
    compute.done.set()
    await under_way

    assert await get_numbers(cache, compute, tags=("tag",)) == [2]


async def test_value_of_another_shape_is_a_miss(cache: Cache) -> None:
    class Old(BaseModel):
        name: str

    async def old() -> Old:
        return Old(name="x")

    await cache.get(Kind("numbers", Old, seconds=60), caller=None, language=None, compute=old)

    assert await get_numbers(cache, Computation()) == [1]


async def test_what_callers_do_with_an_answer_is_theirs_alone(cache: Cache) -> None:
    compute = Computation()
    (await get_numbers(cache, compute)).append(13)

    assert await get_numbers(cache, compute) == [1]


async def test_error_is_everybodys_and_is_not_kept(cache: Cache) -> None:
    async def fail() -> list[int]:
        raise LookupError("nothing there")

    asked = [cache.get(NUMBERS, caller=None, language=None, compute=fail) for _ in range(3)]
    assert [type(error) for error in await asyncio.gather(*asked, return_exceptions=True)] == [LookupError] * 3

    assert await get_numbers(cache, Computation()) == [1]


async def test_caller_who_leaves_does_not_end_the_computation_of_others(cache: Cache) -> None:
    compute = Computation()
    compute.done.clear()
    first, second = (asyncio.create_task(get_numbers(cache, compute)) for _ in range(2))
    await until(lambda: compute.times == 1)

    first.cancel()
    compute.done.set()

    assert await second == [1]


async def test_computation_for_its_callers_ends_when_the_last_of_them_has_left(cache: Cache) -> None:
    kind, ended = Kind("expensive", list[int], seconds=60, for_callers=True), asyncio.Event()
    started: list[int] = []

    async def compute() -> list[int]:
        started.append(1)
        try:
            await asyncio.Event().wait() if len(started) == 1 else None
        finally:
            ended.set()
        return started

    def ask() -> asyncio.Task[list[int]]:
        return asyncio.create_task(cache.get(kind, caller=ADA, language=None, compute=compute))

    first, second = ask(), ask()
    await until(lambda: len(started) == 1)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    stays = not ended.is_set()
    second.cancel()
    third = ask()

    assert stays
    assert await third == [1, 1]
    assert (first.cancelled(), second.cancelled()) == (True, True)


async def test_stale_answer_is_given_while_one_refreshes(store: Store) -> None:
    cache, compute = Cache(store), Computation()
    kind = Kind("stale", list[int], seconds=0.05, stale=60)
    await cache.get(kind, caller=None, language=None, compute=compute)
    await asyncio.sleep(0.06)
    compute.done.clear()

    answers = [await cache.get(kind, caller=None, language=None, compute=compute) for _ in range(5)]

    assert answers == [[1]] * 5
    await until(lambda: compute.times == 2)
    await cache.close()


async def test_fifty_callers_in_two_processes_cost_one_computation(store: Store) -> None:
    one, two, compute = Cache(store), Cache(store), Computation()
    compute.done.clear()
    callers = [asyncio.create_task(get_numbers(cache, compute)) for cache in (one, two) for _ in range(50)]
    await until(lambda: compute.times == 1)
    compute.done.set()

    assert await asyncio.gather(*callers) == [[1]] * 100


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
