"""A worker keeps its jobs by saying that it lives. Who cannot say so in time ends, before another starts the same job."""

import asyncio
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final, Never
from uuid import UUID

import asyncpg
from pgqueuer.domain.types import JobId

from app.core.logging import get_logger
from app.core.settings.database import DatabaseSettings
from app.db.causes import cause_of
from app.jobs.engine.driver import LOST, connect

log = get_logger(__name__)

ROOT: Final = Path(__file__).parents[3]
BLOCKED_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 0.2
_BEAT: Final = (
    "UPDATE jobs.pgqueuer SET heartbeat = now() WHERE id = ANY($1) AND queue_manager_id = $2 AND status = 'picked'"
)


class Lease(threading.Thread):
    """Renews the lease of the jobs that run, from a thread and a connection of its own: neither code that blocks the event loop nor a pool
    without a free connection lets it run out.

    `running` maps each of them to its name and the time that it may take. When PostgreSQL has taken no renewal for four fifths of the lease, or
    when the event loop is blocked for longer than any job may run, the process ends with 1, for its supervisor to start again.
    """

    def __init__(
        self, settings: DatabaseSettings, owner: UUID, seconds: float, running: dict[JobId, tuple[str, timedelta]]
    ) -> None:
        super().__init__(name="lease", daemon=True)
        self._settings = settings
        self._owner = owner
        self._seconds = seconds
        self._running = running
        self._loop = asyncio.get_running_loop()
        self._watched = threading.get_ident()
        self._answered = self._renewed = time.monotonic()
        self._reported = False

    def run(self) -> None:
        """Renew until the process ends, which it does with 1 where the renewing itself fails."""
        failure: BaseException | None = None
        try:
            asyncio.run(self._keep())
        except BaseException as error:  # noqa: BLE001 - a worker without its lease must not go on, whatever ended it
            failure = error
        if not self._loop.is_closed():  # else the process is at its end anyway
            self._end("the lease is not renewed any more", dict(self._running), failure)

    async def _keep(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._renew())
            tasks.create_task(self._watch())

    async def _renew(self) -> None:
        connection: asyncpg.Connection | None = None
        while True:
            began = time.monotonic()
            try:
                connection = connection or await connect(self._settings, timeout=self._seconds / 5)
                await connection.execute(_BEAT, [*self._running], self._owner)
                self._renewed = began
            except LOST as error:
                log.warning("the lease was not renewed", cause=cause_of(error))
                if connection is not None:
                    connection.terminate()
                connection = None
            await asyncio.sleep(self._seconds / 5)

    async def _watch(self) -> None:
        while True:
            self._ask(self._answer)
            await asyncio.sleep(_LOOK_SECONDS)
            now, running = time.monotonic(), dict(self._running)
            if not running:
                self._renewed = max(self._renewed, now - self._seconds / 5)
            elif now - self._renewed > 0.8 * self._seconds:
                self._end("the lease could not be renewed", running)
            self._look_at_loop(now - self._answered, running)

    def _ask(self, answer: Callable[[], None]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(answer)

    def _answer(self) -> None:
        self._answered = time.monotonic()

    def _look_at_loop(self, blocked: float, running: dict[JobId, tuple[str, timedelta]]) -> None:
        if blocked < BLOCKED_SECONDS:
            self._reported = False
        elif not self._reported:
            self._reported = True
            log.warning(
                "a job blocks the event loop; put blocking work into asyncio.to_thread",
                jobs=_names(running),
                where=_where(self._watched),
            )
        longest = max((timeout.total_seconds() for _, timeout in running.values()), default=0)
        if running and blocked > longest + self._seconds:
            self._end("the event loop has been blocked for longer than any job may take", running)

    def _end(
        self, reason: str, running: dict[JobId, tuple[str, timedelta]], failure: BaseException | None = None
    ) -> Never:
        log.error("this worker ends, its jobs go to another", cause=reason, jobs=_names(running), exc_info=failure)
        sys.stdout.flush()
        time.sleep(_LOOK_SECONDS)  # the line is written by a thread
        os._exit(1)


def _names(running: dict[JobId, tuple[str, timedelta]]) -> list[str]:
    return sorted(f"{name} {number}" for number, (name, _) in running.items())


def _where(thread: int) -> str | None:
    """The line of ours in which a thread is."""
    stack = traceback.extract_stack(sys._current_frames()[thread])  # noqa: SLF001 - the only way to look into another thread
    ours = [each for each in stack if each.filename.startswith(str(ROOT)) and "site-packages" not in each.filename]
    return f"{ours[-1].filename}:{ours[-1].lineno} in {ours[-1].name}" if ours else None
