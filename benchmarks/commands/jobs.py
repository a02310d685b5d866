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
AT_ONCE: Final = 4
LONG: Final = 20  # seconds that one worker needs
ENQUEUED: Final = 2_000
CONNECTIONS: Final = 8
TRIGGER: Final = "ALTER TABLE jobs.pgqueuer {} TRIGGER tg_pgqueuer_changed"
_PICKED_AND_DONE: Final = (
    "SELECT extract(epoch FROM max(created) FILTER (WHERE status = 'successful') - min(created) FILTER (WHERE status = 'picked'))"
    " FROM jobs.pgqueuer_log"
)
_LISTENING: Final = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'"
_WAITED: Final = (
    "SELECT extract(epoch FROM p.created - q.created) FROM jobs.pgqueuer_log p JOIN jobs.pgqueuer_log q USING (job_id)"
    " WHERE p.status = 'picked' AND q.status = 'queued'"
)


@click.command()
@click.option("--waits", type=click.IntRange(min=1), help="Only 1, 2 and 4 workers, for jobs that wait so many ms.")
def jobs(waits: int | None) -> None:
    """Jobs per second of 1, 2 and 4 workers, the wait at rest, what enqueuing and its NOTIFY cost. Two minutes, for a service with jobs."""
    with ThrowawayCluster() as cluster:
        environment = environment_of(cluster.url())
        run_python(["-m", "app", "migrate"], environment)
        asyncio.run(
            _measure_workers(cluster.url(), environment, waits) if waits else _measure(cluster.url(), environment)
        )


async def _measure_workers(url: str, environment: Mapping[str, str], waits: int) -> None:
    """The same jobs for more and more workers, and how many times as many as one they do."""
    connection = await asyncpg.connect(url)
    given = {**environment, "JOB_CONCURRENCY": str(AT_ONCE)}
    rates: list[float] = []
    for workers in WORKERS:
        rates.append(await _rate(connection, url, given, workers, LONG * AT_ONCE * 1000 // waits, waits))
        click.echo(
            f"{workers} workers, {AT_ONCE} jobs of {waits} ms at once in each: {rates[-1]:,.0f} jobs/s, {rates[-1] / rates[0]:.2f} times one worker"
        )
    await connection.close()


async def _rate(  # noqa: PLR0917 - one run
    connection: "asyncpg.Connection", url: str, environment: Mapping[str, str], workers: int, count: int, waits: int = 0
) -> float:
    """Jobs per second of workers that listen when the jobs come, from the first that is picked."""
    await connection.execute("TRUNCATE jobs.pgqueuer, jobs.pgqueuer_log")
    with _workers(workers, environment):
        while await connection.fetchval(_LISTENING) < workers:
            await asyncio.sleep(0.05)
        await _enqueue(url, count, at_once=count, waits=waits)
        await _until(connection, 0)
    return count / float(await connection.fetchval(_PICKED_AND_DONE))


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
        click.echo(f"{count} workers: {await _rate(connection, url, environment, count, JOBS):,.0f} jobs/s")
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


async def _enqueue(url: str, count: int, *, at_once: int = 1, waits: int = 0) -> tuple[float, float]:
    """Enqueue jobs, so many in each transaction; seconds and seconds of CPU in this process for each of them."""
    from app.core.settings.database import DatabaseSettings  # noqa: PLC0415 - of the service that is measured
    from app.db.database import Database  # noqa: PLC0415 - as above
    from app.db.engine import create_pooled_engine  # noqa: PLC0415 - as above
    from app.jobs import enqueue  # noqa: PLC0415 - as above

    from benchmarks.jobs_to_measure import nothing, wait  # noqa: PLC0415 - as above

    settings = DatabaseSettings.model_validate({"database_url": url, "db_pool_size": CONNECTIONS})
    database = Database(create_pooled_engine(settings))

    async def transaction() -> None:
        async with database.session() as session:
            for _ in range(at_once):
                await (enqueue(session, wait, milliseconds=waits) if waits else enqueue(session, nothing))

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
