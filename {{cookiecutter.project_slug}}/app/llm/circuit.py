"""A model that keeps failing is left alone for a while."""

import time
from collections.abc import Callable
from typing import Final

FAILURES: Final = 3
OPEN_SECONDS: Final = 30.0


class Circuit:
    """Open after `FAILURES` in a row: nobody asks then, but for one trial in `OPEN_SECONDS`. A success closes it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._next_trial = 0.0

    def lets_through(self) -> bool:
        """Whether the model may be asked now; of those who are refused, one in a while is the trial."""
        if self._failures < FAILURES:
            return True
        if self._clock() < self._next_trial:
            return False
        self._next_trial = self._clock() + OPEN_SECONDS
        return True

    def succeeded(self) -> None:
        """Close it."""
        self._failures = 0

    def failed(self) -> None:
        """Count a failure."""
        self._failures += 1
        self._next_trial = self._clock() + OPEN_SECONDS
