"""Graceful shutdown: inform the load balancer first, then stop listening, then finish what is open.

Uvicorn does the second and the third when it gets SIGTERM. For the first, the signal is held back for a moment in which readiness is 503 and answers
close their connection, so that new requests go elsewhere before the socket closes.
"""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import current_thread, main_thread
from types import FrameType

from app.core.logging import get_logger

log = get_logger(__name__)

# A supervisor passes SIGTERM on to workers that may have had it already, where it was sent to all processes: still the first one.
ECHO_SECONDS = 1.0


@dataclass
class Shutdown:
    """Whether this process is about to stop; one instance, because a process stops once."""

    draining: bool = False


shutdown = Shutdown()


@contextmanager
def drain_on_signal(seconds: float) -> Iterator[None]:
    """Inside the block, hold SIGTERM back for `seconds` while draining; another one, a second or more later, is not held back."""
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
    began = 0.0

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal began
        if shutdown.draining and time.monotonic() - began < ECHO_SECONDS:
            return
        if shutdown.draining or seconds == 0:
            previous(number, frame)
            return
        shutdown.draining, began = True, time.monotonic()
        loop.call_soon_threadsafe(begin, number, frame)

    def begin(number: int, frame: FrameType | None) -> None:
        # Not in the handler: the signal may have come in the middle of another line.
        log.info("draining", seconds=seconds)
        loop.call_later(seconds, previous, number, frame)

    return handle
