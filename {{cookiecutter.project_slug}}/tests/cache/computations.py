"""What the tests of the cache compute, and how they wait for it."""

import asyncio
from collections.abc import Callable

from app.cache.cache import Cache
from app.cache.entries import Kind

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


async def get_numbers(cache: Cache, compute: Computation, *key: str, **how: object) -> list[int]:
    """Ask the cache, for everybody unless `how` says for whom."""
    varies = {"caller": None, "language": None, "tags": (), **how}
    return await cache.get(NUMBERS, *key, compute=compute, **varies)  # type: ignore[arg-type] # of a test's own making


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.005)
