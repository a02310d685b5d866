"""One attempt at one job: its time limit, what becomes of its error, and its line in the log."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, NoReturn

from pgqueuer.core.executors import AbstractEntrypointExecutor
from pgqueuer.errors import RetryRequested
from pgqueuer.models import Context as Handle, Job as Row
from pgqueuer.types import JobId
from structlog.contextvars import bound_contextvars

from app.core.logging import get_logger
from app.core.settings import Settings
from app.db.database import Database
from app.jobs.engine.driver import WorkerDriver
from app.jobs.engine.metrics import Metrics
from app.jobs.engine.port import Context, Job, WrongArguments

log = get_logger(__name__)
Around = Callable[[str, Mapping[str, str]], AbstractContextManager[None]]

MAX_DEATHS: Final = 3
APART: Final = timedelta(seconds=2)
GRACE_SECONDS: Final = (
    1  # in which those that were picked with a suspect go back: it may end this process as soon as it begins
)
LONGEST_BACKOFF: Final = timedelta(hours=1)
# How often it was picked, and then picked again: an end leaves a line in between. Counted since it was enqueued, or put back by hand.
_DEATHS: Final = (
    "SELECT count(*) AS deaths FROM (SELECT status, lead(status) OVER (ORDER BY id) AS following FROM jobs.pgqueuer_log"
    " WHERE job_id = $1 AND id > (SELECT coalesce(max(id), 0) FROM jobs.pgqueuer_log"
    " WHERE job_id = $1 AND status = 'queued' AND traceback IS NULL)) AS history"
    " WHERE status = 'picked' AND following = 'picked'"
)
_UNCOUNTED: Final = "UPDATE jobs.pgqueuer SET attempts = attempts - 1 WHERE id = $1"


class WorkerDied(Exception):
    """Several workers died while they ran the job: it seems to kill them."""


class TaskCancelled(Exception):
    """What the job awaited was cancelled, and not the job: a failure as any other."""


class NotApart(Exception):
    """Another job with which a worker has died runs here already. Each is run apart from the others, so that only the guilty one dies again."""


@dataclass
class Work:
    """What the jobs of one worker share."""

    database: Database
    settings: Settings
    driver: WorkerDriver
    metrics: Metrics = field(default_factory=Metrics)
    around: list[Around] = field(default_factory=list)
    running: dict[JobId, tuple[str, timedelta]] = field(default_factory=dict)
    tasks: "dict[JobId, asyncio.Task[object] | None]" = field(default_factory=dict)
    suspect: bool = False
    out_of_time: bool = False

    @asynccontextmanager
    async def apart(self, deaths: int) -> AsyncIterator[None]:
        """Run a job with which workers have died.

        Raises:
            NotApart: another one runs.
            WorkerDied: too many died.
        """
        if deaths >= MAX_DEATHS:
            raise WorkerDied(f"{deaths} workers died with it")
        if deaths and self.suspect:
            raise NotApart
        self.suspect = self.suspect or deaths > 0
        try:
            if deaths:
                await asyncio.sleep(GRACE_SECONDS)
            yield
        finally:
            self.suspect = self.suspect and not deaths

    def give_back(self) -> None:
        """Return the jobs that still run to the queue, for another worker."""
        self.out_of_time = True
        for task in filter(None, self.tasks.values()):
            task.cancel()


@dataclass(frozen=True)
class Attempt:
    """What is said of one attempt."""

    job: str
    metrics: Metrics
    line: Mapping[str, object]
    began: float = field(default_factory=time.perf_counter)

    def ends(self, outcome: str, write: Callable[..., None], **more: object) -> None:
        """Count it, and write its line."""
        seconds = time.perf_counter() - self.began
        self.metrics.count(self.job, outcome, seconds)
        write("job", outcome=outcome, job=self.job, duration_ms=round(seconds * 1000, 2), **self.line, **more)


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
        origin = {name: str(value) for name, value in (job.headers or {}).items()}
        with ExitStack() as stack:
            for around in self.work.around:
                stack.enter_context(around(self.job.name, origin))
            origin.pop("traceparent", None)
            stack.enter_context(bound_contextvars(**origin))
            self.work.running[job.id] = (self.job.name, self.job.options.timeout)
            self.work.tasks[job.id] = asyncio.current_task()
            try:
                await self._attempt(job, context)
            finally:
                del self.work.running[job.id], self.work.tasks[job.id]

    async def _attempt(self, row: Row, handle: Handle) -> None:
        attempt = Attempt(self.job.name, self.work.metrics, {"job_id": row.id, "attempt": row.attempts + 1})
        try:
            async with self.work.apart(await self._deaths_of(row)):
                await self._run(row, handle)
        except asyncio.CancelledError as error:
            if self.work.out_of_time:
                await self._return(row, attempt, "the worker was stopped")
            elif handle.cancellation.cancel_called or asked_to_end():
                raise
            else:
                self._fail(row, TaskCancelled(str(error)), attempt)
        except NotApart:
            await self._return(row, attempt, "another job runs with which a worker has died", APART)
        except Exception as error:  # noqa: BLE001 - whatever a job raises
            self._fail(row, error, attempt)
        else:
            attempt.ends("cancelled" if handle.cancellation.cancel_called else "done", log.info)

    async def _run(self, row: Row, handle: Handle) -> None:
        with handle.cancellation:
            async with asyncio.timeout(self.job.options.timeout.total_seconds()):
                context = Context(self.work.database, self.work.settings, row.id, row.attempts + 1)
                await self.job.run(context, row.payload)

    async def _deaths_of(self, row: Row) -> int:
        [counted] = await self.work.driver.fetch(_DEATHS, row.id)
        return int(str(counted["deaths"]))

    async def _return(self, row: Row, attempt: Attempt, reason: str, delay: timedelta = timedelta()) -> NoReturn:
        """Back into the queue, as if it had not been tried."""
        attempt.ends("returned", log.warning, cause=reason)
        await self.work.driver.execute(_UNCOUNTED, row.id)
        raise RetryRequested(delay, reason) from None

    def _fail(self, row: Row, error: Exception, attempt: Attempt) -> None:
        """Raise what makes pgqueuer repeat the job, or keep it as a dead letter."""
        options = self.job.options
        if isinstance(error, WrongArguments | WorkerDied) or row.attempts >= options.retries:
            attempt.ends("dead", log.error, exc_info=error)
            raise error
        delay = wait_after(row.attempts, options.backoff)
        attempt.ends("failed", log.warning, retry_in=round(delay.total_seconds(), 1), exc_info=error)
        raise RetryRequested(delay, f"{type(error).__name__}: {error}") from error


def wait_after(failures: int, backoff: timedelta) -> timedelta:
    """How long to wait after one more failure: twice as long each time, an hour at most, up to a half earlier so that few come back together."""
    longest = min(backoff * (1 << min(failures, 32)), LONGEST_BACKOFF)  # no power that a timedelta cannot hold
    return longest * random.uniform(0.5, 1)  # noqa: S311 - no secret


def asked_to_end() -> bool:
    """Whether the task that runs here is being cancelled itself."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
