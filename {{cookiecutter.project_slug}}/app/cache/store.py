"""Where the cache keeps bytes."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Protocol

MAX_ENTRIES: Final = 10_000
MAX_BYTES: Final = 32 * 1024 * 1024


class Store(Protocol):
    """Bytes by key, each for a number of seconds. No method raises for a store that is away: it then knows nothing."""

    async def read(self, *keys: str) -> list[bytes | None]:
        """What is kept under each key."""

    async def write(self, key: str, value: bytes, *, seconds: float) -> None:
        """Keep a value, in place of another."""

    async def add(self, key: str, value: bytes, *, seconds: float) -> bool:
        """Keep a value unless there is one; whether there was none."""

    async def remove(self, key: str, value: bytes) -> None:
        """Remove a value, unless another has taken its place."""


class MemoryStore:
    """In the memory of this process: at most `max_entries` and `max_bytes`, beyond which what was not used for longest goes."""

    def __init__(
        self,
        *,
        max_entries: int = MAX_ENTRIES,
        max_bytes: int = MAX_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_entries, self._max_bytes, self._clock = max_entries, max_bytes, clock
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._bytes = 0

    async def read(self, *keys: str) -> list[bytes | None]:
        """What is kept under each key."""
        return [self._find(key) for key in keys]

    async def write(self, key: str, value: bytes, *, seconds: float) -> None:
        """Keep a value, in place of another."""
        self._drop(key)
        if len(value) > self._max_bytes:
            return
        self._entries[key] = (self._clock() + seconds, value)
        self._bytes += len(value)
        while len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))

    async def add(self, key: str, value: bytes, *, seconds: float) -> bool:
        """Keep a value unless there is one; whether there was none."""
        if self._find(key) is not None:
            return False
        await self.write(key, value, seconds=seconds)
        return True

    async def remove(self, key: str, value: bytes) -> None:
        """Remove a value, unless another has taken its place."""
        if self._find(key) == value:
            self._drop(key)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._bytes = 0

    def _find(self, key: str) -> bytes | None:
        expires_at, value = self._entries.get(key, (0.0, b""))
        if self._clock() >= expires_at:
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return value

    def _drop(self, key: str) -> None:
        if entry := self._entries.pop(key, None):
            self._bytes -= len(entry[1])
