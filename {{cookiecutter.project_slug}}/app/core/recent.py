"""What was found out a moment ago, and holds for a moment more."""

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """Values that are remembered for some seconds, in this process; the oldest makes room when there are too many.

    All are kept for equally long, so they expire in the order in which they came.
    """

    def __init__(self, *, seconds: float, most: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._kept: dict[Key, tuple[float, Value]] = {}

    def get(self, key: Key) -> Value | None:
        """What was remembered; None when nothing was, or too long ago."""
        expires_at, value = self._kept.get(key, (0.0, None))
        return value if self._clock() < expires_at else None

    def put(self, key: Key, value: Value) -> None:
        """Remember a value from now on."""
        self._kept.pop(key, None)  # so that it stands behind all others
        if len(self._kept) >= self._most:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (self._clock() + self._seconds, value)
