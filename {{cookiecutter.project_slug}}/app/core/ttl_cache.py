"""Values that are kept for a short time, in the memory of this process."""

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class TTLCache(Generic[Key, Value]):
    """Keeps each value for `ttl` seconds; beyond `max_size` values the oldest is removed.

    All have the same lifetime, so they expire in the order in which they were set.
    """

    def __init__(self, *, ttl: float, max_size: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._ttl = ttl
        self._max_size = max_size
        self._clock = clock
        self._entries: dict[Key, tuple[float, Value]] = {}

    def get(self, key: Key) -> Value | None:
        """The value; None when there is none, or when it has expired."""
        expires_at, value = self._entries.get(key, (0.0, None))
        return value if self._clock() < expires_at else None

    def forget(self, matches: Callable[[Value], bool]) -> None:
        """Remove the values that match."""
        self._entries = {key: entry for key, entry in self._entries.items() if not matches(entry[1])}

    def set(self, key: Key, value: Value) -> None:
        """Keep a value for `ttl` seconds from now."""
        self._entries.pop(key, None)  # so that it becomes the newest
        if len(self._entries) >= self._max_size:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = (self._clock() + self._ttl, value)
