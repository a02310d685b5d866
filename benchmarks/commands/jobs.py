"""`benchmarks jobs`: what a job costs, where it is enqueued and where it is done."""

import asyncio
import contextlib
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Final

import asyncpg
import click
from service_devkit.postgres.throwaway import ThrowawayCluster
from service_devkit.service import run_python

from benchmarks.stage import environment_of

WORKERS: Final = (1, 2, 4)
JOBS: Final = 3_000
AT_REST: Final = 30
ENQUEUED: Final = 2_000
CONNECTIONS: Final = 8
TRIGGER: Final = "ALTER TABLE jobs.pgqueuer {} TRIGGER tg_pgqueuer_changed"
_PICKED_AND_DONE: Final = (
    "SELECT extract(epoch FROM max(created) FILTER (WHERE status = 'successful') - min(created) FILTER (WHERE status = 'picked'))"
    " FROM jobs.pgqueuer_log"
)
_WAITED: Final = (
    "SELECT extract(epoch FROM p.created - q.created) FROM jobs.pgqueuer_log p JOIN jobs.pgqueuer_log q USING (job_id)"
    " WHERE p.status = 'picked' AND q.status = 'queued'"
)


@click.command()
def jobs() -> None:
    """Jobs per second of 1, 2 and 4 workers, the wait at rest, what enqueuing and its NOTIFY cost. Two minutes, for a service with jobs."""
    with ThrowawayCluster() as cluster:
        environment = environment_of(cluster.url())
        run_python(["-m", "app", "migrate"], environment)
        asyncio.run(_measure(cluster.url(), environment))


async def _measure(url: str, environment: Mapping[str, str]) -> None:
    connection = await asyncpg.connect(url)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_workers(1, environment))
        await _until(connection, 0, enqueue=1, url=url)
        waits = [await _wait_at_rest(connection, url) for _ in range(AT_REST)]
        click.echo(
            f"from commit to worker, at rest: median {statistics.median(waits):.1f} ms, longest {max(waits):.1f} ms"
        )
    wall, cpu = await _enqueue(url, JOBS, at_once=500)
    for count in WORKERS:
        await connection.execute("TRUNCATE jobs.pgqueuer, jobs.pgqueuer_log")
        await _enqueue(url, JOBS, at_once=500)
        with _workers(count, environment):
            await _until(connection, 0)
        seconds = float(await connection.fetchval(_PICKED_AND_DONE))
        click.echo(f"{count} workers: {JOBS / seconds:,.0f} jobs/s")
    click.echo(
        f"one more job in a transaction: {wall * 1e6:,.0f} us with {CONNECTIONS} transactions at once, {cpu * 1e6:,.0f} us of CPU"
    )
    with_notify = await _enqueue(url, ENQUEUED)
    await connection.execute(TRIGGER.format("DISABLE"))
    without = await _enqueue(url, ENQUEUED)
    await connection.execute(TRIGGER.format("ENABLE"))
    for name, (wall, cpu) in {"with NOTIFY": with_notify, "without": without}.items():
        click.echo(
            f"a transaction that enqueues one job, {name}: {1 / wall:,.0f}/s over {CONNECTIONS} connections, {cpu * 1e6:,.0f} us of CPU"
        )
    await connection.close()


async def _wait_at_rest(connection: "asyncpg.Connection", url: str) -> float:
    await connection.execute("TRUNCATE jobs.pgqueuer_log")
    await asyncio.sleep(0.3)
    await _until(connection, 0, enqueue=1, url=url)
    return 1000 * float(await connection.fetchval(_WAITED))


async def _until(connection: "asyncpg.Connection", waiting: int, *, enqueue: int = 0, url: str = "") -> None:
    """Enqueue, and wait until no more than so many are left."""
    if enqueue:
        await _enqueue(url, enqueue)
    while await connection.fetchval("SELECT count(*) FROM jobs.pgqueuer") > waiting:
        await asyncio.sleep(0.05)


async def _enqueue(url: str, count: int, *, at_once: int = 1) -> tuple[float, float]:
    """Enqueue jobs, so many in each transaction; seconds and seconds of CPU in this process for each of them."""
    from app.core.settings.database import DatabaseSettings  # noqa: PLC0415 - of the service that is measured
    from app.db.database import Database  # noqa: PLC0415 - as above
    from app.db.engine import create_pooled_engine  # noqa: PLC0415 - as above
    from app.jobs import enqueue  # noqa: PLC0415 - as above

    from benchmarks.jobs_to_measure import nothing  # noqa: PLC0415 - as above

    settings = DatabaseSettings.model_validate({"database_url": url, "db_pool_size": CONNECTIONS})
    database = Database(create_pooled_engine(settings))

    async def transaction() -> None:
        async with database.session() as session:
            for _ in range(at_once):
                await enqueue(session, nothing)

    if count > at_once:  # connections are opened
        await transaction()
    began, cpu = time.perf_counter(), time.process_time()
    await _repeat(transaction, count // at_once)
    spent = (time.perf_counter() - began, time.process_time() - cpu)
    await database.dispose()
    return spent[0] / count, spent[1] / count


async def _repeat(work: Callable[[], Awaitable[None]], times: int) -> None:
    """So many times, `CONNECTIONS` at once."""
    left = iter(range(times))

    async def take() -> None:
        for _ in left:
            await work()

    await asyncio.gather(*(take() for _ in range(CONNECTIONS)))


@contextlib.contextmanager
def _workers(count: int, environment: Mapping[str, str]) -> Iterator[None]:
    command = [sys.executable, "-c", "import benchmarks.jobs_to_measure; from app.cli import main; main()", "worker"]
    quiet = {**environment, "LOG_LEVEL": "ERROR"}
    started = [subprocess.Popen(command, env=quiet) for _ in range(count)]  # noqa: S603 - ours
    try:
        yield
    finally:
        for each in started:
            each.terminate()
        for each in started:
            each.wait(30)
