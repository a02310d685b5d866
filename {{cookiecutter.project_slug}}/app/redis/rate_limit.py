"""Rate limits that all processes count together."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from limits import RateLimitItem
from limits.aio.storage import RedisStorage
from limits.aio.strategies import RateLimiter, SlidingWindowCounterRateLimiter
from limits.util import WindowStats

from app.core.rate_limit import MemoryStorage
from app.redis.client import RedisClient, RedisUnavailable

Answer = TypeVar("Answer")


class SharedLimiter(RateLimiter):
    """Counts in Redis; in the memory of this process while Redis is down, where each process begins at zero."""

    def __init__(self, client: RedisClient) -> None:
        shared = RedisStorage(
            "redis://",
            implementation="redispy",
            key_prefix=client.key("limits"),
            connection_pool=client.pool,  # type: ignore[arg-type] # documented; the annotation is of the other options
        )
        super().__init__(shared)
        self._client = client
        self._shared = SlidingWindowCounterRateLimiter(shared)
        self._alone = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def hit(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        """Count, unless the limit is used up; whether it was counted."""
        return await self._either(lambda limiter: limiter.hit(item, *identifiers, cost=cost))

    async def test(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        """Whether a hit would be counted."""
        return await self._either(lambda limiter: limiter.test(item, *identifiers, cost=cost))

    async def get_window_stats(self, item: RateLimitItem, *identifiers: str) -> WindowStats:
        """When the window ends, and how much is left."""
        return await self._either(lambda limiter: limiter.get_window_stats(item, *identifiers))

    async def _either(self, work: Callable[[RateLimiter], Awaitable[Answer]]) -> Answer:
        try:
            return await self._client.ask(lambda _redis: work(self._shared))
        except RedisUnavailable:
            return await work(self._alone)
