"""One attempt at one job: its time limit, what becomes of its error, and its line in the log."""

import asyncio
import random
import time
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from pgqueuer.core.executors import AbstractEntrypointExecutor
from pgqueuer.errors import RetryRequested
from pgqueuer.models import Context as Handle, Job as Row
from pgqueuer.types import JobId
from pydantic import ValidationError
from structlog.contextvars import bound_contextvars

from app.core.logging import get_logger
from app.core.settings import Settings
from app.db.database import Database
from app.jobs.engine.driver import WorkerDriver
from app.jobs.engine.port import Context, Job

log = get_logger(__name__)

MAX_PICKS: Final = 3
LONGEST_BACKOFF: Final = timedelta(hours=1)
# How often in a row it was picked without coming to any end: each end leaves a line of another status.
_PICKS: Final = (
    "SELECT count(*) AS picks FROM jobs.pgqueuer_log WHERE job_id = $1 AND status = 'picked'"
    " AND id > coalesce((SELECT max(id) FROM jobs.pgqueuer_log WHERE job_id = $1 AND status <> 'picked'), 0)"
)
_UNCOUNTED: Final = "UPDATE jobs.pgqueuer SET attempts = attempts - 1 WHERE id = $1"


class WorkerDied(Exception):
    """The job was picked several times and came to no end: it seems to kill its workers."""


@dataclass
class Work:
    """What the jobs of one worker share."""

    database: Database
    settings: Settings
    driver: WorkerDriver
    running: dict[JobId, tuple[str, timedelta]] = field(default_factory=dict)
    tasks: "dict[JobId, asyncio.Task[object] | None]" = field(default_factory=dict)
    out_of_time: bool = False

    def give_back(self) -> None:
        """Return the jobs that still run to the queue, for another worker."""
        self.out_of_time = True
        for task in filter(None, self.tasks.values()):
            task.cancel()


@dataclass
class Runner(AbstractEntrypointExecutor):
    """Runs the jobs of one kind."""

    job: Job[...]
    work: Work

    async def execute(self, job: Row, context: Handle) -> None:
        """One attempt.

        Raises:
            RetryRequested: it is to be tried again.
            Exception: it is a dead letter now.
        """
        request_id = (job.headers or {}).get("request_id")
        with bound_contextvars(**({"request_id": request_id} if request_id else {})):
            self.work.running[job.id] = (self.job.name, self.job.options.timeout)
            self.work.tasks[job.id] = asyncio.current_task()
            try:
                await self._attempt(job, context)
            finally:
                del self.work.running[job.id], self.work.tasks[job.id]

    async def _attempt(self, row: Row, handle: Handle) -> None:
        began = time.perf_counter()
        line: MutableMapping[str, object] = {"job": self.job.name, "job_id": row.id, "attempt": row.attempts + 1}
        try:
            await self._refuse_killer(row)
            with handle.cancellation:
                async with asyncio.timeout(self.job.options.timeout.total_seconds()):
                    context = Context(self.work.database, self.work.settings, row.id, row.attempts + 1)
                    await self.job.run(context, row.payload)
        except asyncio.CancelledError:
            if not self.work.out_of_time:
                raise
            log.warning("job", outcome="returned", **line)
            await self.work.driver.execute(_UNCOUNTED, row.id)
            raise RetryRequested(reason="the worker was stopped") from None
        except Exception as error:  # noqa: BLE001 - whatever a job raises
            self._fail(row, error, line)
        else:
            outcome = "cancelled" if handle.cancellation.cancel_called else "done"
            log.info("job", outcome=outcome, duration_ms=round((time.perf_counter() - began) * 1000, 2), **line)

    async def _refuse_killer(self, row: Row) -> None:
        [counted] = await self.work.driver.fetch(_PICKS, row.id)
        if isinstance(picks := counted["picks"], int) and picks > MAX_PICKS:
            raise WorkerDied(f"picked {picks - 1} times, and no worker lived to tell how it ended")

    def _fail(self, row: Row, error: Exception, line: MutableMapping[str, object]) -> None:
        """Raise what makes pgqueuer repeat the job, or keep it as a dead letter."""
        options = self.job.options
        if isinstance(error, ValidationError | WorkerDied) or row.attempts >= options.retries:
            log.error("job", outcome="dead", exc_info=error, **line)
            raise error
        delay = min(options.backoff * 2**row.attempts, LONGEST_BACKOFF) * random.uniform(0.5, 1)  # noqa: S311 - no secret
        log.warning("job", outcome="failed", retry_in=round(delay.total_seconds(), 1), exc_info=error, **line)
        raise RetryRequested(delay, f"{type(error).__name__}: {error}") from error
