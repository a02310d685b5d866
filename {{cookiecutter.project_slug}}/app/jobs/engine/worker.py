"""The process that runs jobs until it has to stop."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import timedelta
from functools import partial
from typing import Final

from pgqueuer.core.executors import EntrypointExecutorParameters
from pgqueuer.core.qm import QueueManager
from pgqueuer.models import Job as Row
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.errors import Unavailable
from app.core.logging import get_logger
from app.core.settings import Settings
from app.db.database import Database
from app.db.engine import create_pooled_engine
from app.db.ownership import refuse_foreign
from app.db.revisions import read_revisions
from app.jobs.engine.driver import WorkerDriver
from app.jobs.engine.health import answering
from app.jobs.engine.lease import Lease
from app.jobs.engine.metrics import WAITING
from app.jobs.engine.port import load_jobs
from app.jobs.engine.queue import ENGINE, queries_on
from app.jobs.engine.runner import Around, Runner, Work
from app.jobs.engine.schedule import SCHEDULES, keep

log = get_logger(__name__)

POLL: Final = timedelta(seconds=1)  # for what no notification announces: retries, and the jobs of workers that died
LAST_SECONDS: Final = 5


async def run_worker(
    settings: Settings,
    *,
    queues: Collection[str] = (),
    port: int | None = None,
    parts: Collection[Callable[[Settings, AsyncEngine], AbstractAsyncContextManager[Around]]] = (),
) -> None:
    """Run the jobs of these queues, of all when none is named, until SIGTERM or SIGINT; each inside of what the parts say.

    Raises:
        WrongDatabase: it is not this service's, or lacks migrations.
    """
    logging.getLogger("pgqueuer").setLevel(logging.CRITICAL)  # each job has a line of ours
    engine = create_pooled_engine(settings)
    work = Work(Database(engine), settings, WorkerDriver(engine, settings))
    try:
        async with engine.connect() as connection:
            await connection.run_sync(refuse_foreign, read_revisions())
        async with (
            AsyncExitStack() as stack,
            answering(settings.host, port, is_ready=lambda: work.driver.reachable, measure=partial(_measure, work)),
        ):
            work.around = [await stack.enter_async_context(part(settings, engine)) for part in parts]
            await _run(work, queues)
    except* Unavailable as group:
        if not work.out_of_time:
            raise
        log.warning("stopped without the database", cause=str(group.exceptions[0]))
    finally:
        await work.database.dispose()


async def _measure(work: Work) -> str:
    return work.metrics.text(await work.driver.fetch(WAITING), running=len(work.running))


async def _run(work: Work, queues: Collection[str]) -> None:
    settings = work.settings
    manager = QueueManager(queries_on(work.driver), ENGINE.channel)
    jobs = [job for job in load_jobs().values() if not queues or job.options.queue in queues]
    for job in jobs:
        parameters = EntrypointExecutorParameters(0, _unused, on_failure="hold")
        manager.register_executor(job.name, Runner(parameters, job, work))
    Lease(settings, manager.queue_manager_id, settings.job_lease_seconds, work.running).start()
    _stop_on_signal(manager, work, settings.shutdown_seconds)
    log.info("worker started", jobs=sorted(job.name for job in jobs))
    schedules = [SCHEDULES[job.name] for job in jobs if job.name in SCHEDULES]
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(keep(work.database, schedules, manager.shutdown))
        await manager.run(
            dequeue_timeout=POLL,
            batch_size=settings.job_concurrency // 2,
            max_concurrent_tasks=settings.job_concurrency,
            heartbeat_timeout=timedelta(seconds=settings.job_lease_seconds),
        )


def _stop_on_signal(manager: QueueManager, work: Work, seconds: float) -> None:
    """Take no more jobs, give those that run `seconds`, then give them back; end in any case."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if manager.shutdown.is_set():
            return
        log.info("stopping", jobs=len(work.running))
        manager.shutdown.set()
        loop.call_later(seconds, give_back)

    def give_back() -> None:
        work.give_back()
        loop.call_later(LAST_SECONDS / 2, work.driver.shutdown.set)
        loop.call_later(LAST_SECONDS, os._exit, 1)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)


async def _unused(_row: Row) -> None:
    """pgqueuer asks for a function; ours are called by the executor."""
