"""File locks, which the system takes away from a process however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class SharedLock:
    """One of many holders of a lock. Taking it waits while somebody holds it alone."""

    def __init__(self, path: Path) -> None:
        self._descriptor = _take(path, fcntl.LOCK_SH)

    def is_alone(self) -> bool:
        """Whether nobody else holds the lock; if so, newcomers wait until it is released."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def hand_over(self) -> None:
        """Let the program that replaces this one (`os.exec*`) be the holder."""
        os.set_inheritable(self._descriptor, True)

    def release(self) -> None:
        """Give the lock back."""
        os.close(self._descriptor)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a lock that nobody else holds meanwhile."""
    descriptor = _take(path, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


def _take(path: Path, kind: int) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, kind)
    return descriptor
