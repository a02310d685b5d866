"""The store of the cache that all processes share."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from redis.asyncio import Redis

from app.cache.store import MemoryStore
from app.redis.client import RedisClient, RedisUnavailable

Answer = TypeVar("Answer")
MAX_OWED: Final = 10_000
# Compared and deleted in one step: the lock may have become another's.
_REMOVE: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class RedisStore:
    """Keeps in Redis; in the memory of this process while Redis is away.

    What was written over meanwhile is written again when Redis is back, before anything is read: otherwise what was forgotten would return.
    """

    def __init__(self, client: RedisClient) -> None:
        self._client = client
        self._memory = MemoryStore()
        self._owed: dict[str, tuple[bytes, float]] = {}
        self._was_away = False

    async def read(self, *keys: str) -> list[bytes | None]:
        """What is kept under each key."""
        names = [self._client.key("cache", key) for key in keys]
        return await self._either(lambda redis: _read(redis, names), lambda memory: memory.read(*keys))

    async def write(self, key: str, value: bytes, *, seconds: float) -> None:
        """Keep a value, in place of another."""
        await self._either(
            lambda redis: redis.set(self._client.key("cache", key), value, px=_milliseconds(seconds)),
            lambda memory: self._write_later(memory, key, value, seconds),
        )

    async def add(self, key: str, value: bytes, *, seconds: float) -> bool:
        """Keep a value unless there is one; whether there was none."""
        return bool(
            await self._either(
                lambda redis: redis.set(self._client.key("cache", key), value, px=_milliseconds(seconds), nx=True),
                lambda memory: memory.add(key, value, seconds=seconds),
            )
        )

    async def remove(self, key: str, value: bytes) -> None:
        """Remove a value, unless another has taken its place."""
        await self._either(
            lambda redis: redis.eval(_REMOVE, 1, self._client.key("cache", key), value),
            lambda memory: memory.remove(key, value),
        )

    async def _either(
        self, shared: Callable[[Redis], Awaitable[Answer]], alone: Callable[[MemoryStore], Awaitable[Answer]]
    ) -> Answer:
        try:
            if self._was_away:
                await self._client.ask(self._catch_up)
            return await self._client.ask(shared)
        except RedisUnavailable:
            self._was_away = True
            return await alone(self._memory)

    async def _write_later(self, memory: MemoryStore, key: str, value: bytes, seconds: float) -> None:
        await memory.write(key, value, seconds=seconds)
        if key.startswith("version:") and len(self._owed) < MAX_OWED:
            self._owed[key] = (value, seconds)

    async def _catch_up(self, redis: Redis) -> None:
        for key, (value, seconds) in list(self._owed.items()):
            await redis.set(self._client.key("cache", key), value, px=_milliseconds(seconds))
            self._owed.pop(key, None)
        self._memory.clear()  # others have gone on without it
        self._was_away = False


async def _read(redis: Redis, names: list[str]) -> list[bytes | None]:
    return [value if isinstance(value, bytes) else None for value in await redis.mget(names)]


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
