"""A polite end: tell the load balancer first, then stop listening, then finish what is open.

Uvicorn does the second and the third when it gets SIGTERM. For the first, the signal is held back for a moment in which readiness is 503 and answers
close their connection, so that new requests go elsewhere before the socket closes.
"""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import current_thread, main_thread
from types import FrameType

from app.core.logging import get_logger

log = get_logger(__name__)


@dataclass
class Shutdown:
    """Whether this process is about to stop; one instance, because a process stops once."""

    draining: bool = False


shutdown = Shutdown()


@contextmanager
def drain_on_signal(seconds: float) -> Iterator[None]:
    """Inside the block, hold SIGTERM back for `seconds` while draining; a second SIGTERM is not held back."""
    previous = signal.getsignal(signal.SIGTERM)
    if current_thread() is not main_thread() or not callable(previous):
        yield
        return
    signal.signal(signal.SIGTERM, _drain(previous, seconds, asyncio.get_running_loop()))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
        shutdown.draining = False


def _drain(
    previous: Callable[[int, FrameType | None], object], seconds: float, loop: asyncio.AbstractEventLoop
) -> Callable[[int, FrameType | None], None]:
    def handle(number: int, frame: FrameType | None) -> None:
        if shutdown.draining or seconds == 0:
            previous(number, frame)
            return
        shutdown.draining = True
        log.info("draining", seconds=seconds)
        loop.call_soon_threadsafe(loop.call_later, seconds, previous, number, frame)

    return handle
