"""See the jobs, and act on them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar

import click
from pgqueuer.models import Job
from pgqueuer.queries import Queries
from pgqueuer.types import JobId
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.run import run_with_session
from app.jobs.engine.queue import SessionDriver, queries_on

Result = TypeVar("Result")
IDS: Final = click.argument("ids", nargs=-1, required=True, type=click.IntRange(min=1))
LIMIT: Final = click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many.")


@click.group()
def jobs() -> None:
    """See the jobs, and act on them: those that wait, run or have failed for good; what is done is in `show` for 30 days."""


@jobs.command("list")
@LIMIT
def list_jobs(limit: int) -> None:
    """List what waits, runs or has failed, in the order in which it is taken: id, status, name, attempt, age, request."""
    _print(_run(lambda queries: queries.browse_queue(limit)))


@jobs.command()
@LIMIT
def failed(limit: int) -> None:
    """List the dead letters, the newest first. `show` says why, `retry` tries again."""
    _print(_run(lambda queries: queries.list_failed_jobs(limit)))


@jobs.command()
@click.argument("number", metavar="ID", type=click.IntRange(min=1))
def show(number: int) -> None:
    """Show a job, what it was given, and what has happened to it, with the errors."""

    async def work(queries: Queries) -> None:
        row, history = await queries.queue_job_by_id(JobId(number)), await queries.job_log_history(JobId(number))
        if not history:
            raise click.ClickException(f"There is no job {number}.")
        _print([row] if row else [])
        click.echo(f"arguments: {(row.payload or b'{}').decode()}" if row else f"{history[0].entrypoint} is over")
        for line in history:
            click.echo(f"{line.created:%Y-%m-%d %H:%M:%S} {line.status}")
            if line.traceback:
                click.echo(line.traceback.traceback.rstrip())

    _run(work)


@jobs.command()
@IDS
def retry(ids: Sequence[int]) -> None:
    """Put dead letters back into the queue, with all their attempts before them; not one whose key is enqueued again."""

    async def work(session: AsyncSession) -> dict[int, str]:
        queries, refused = queries_on(SessionDriver(session)), {}
        for each in dict.fromkeys(ids):
            row = await queries.queue_job_by_id(JobId(each))
            if row is None or row.status != "failed":
                refused[each] = "not among the dead letters"
                continue
            try:
                async with session.begin_nested():
                    await queries.requeue_jobs([row.id])
            except IntegrityError:
                refused[each] = "another job with its key waits"
        return refused

    _say("back in the queue", ids, run_with_session(work))


@jobs.command()
@IDS
def cancel(ids: Sequence[int]) -> None:
    """Take jobs out of the queue; one that runs is cancelled where it is, and not tried again."""
    _say("cancelled", ids, run_with_session(lambda session: cancel_jobs(session, ids)))


async def cancel_jobs(session: AsyncSession, ids: Sequence[int]) -> dict[int, str]:
    """Take jobs out of the queue, and tell the workers that run them; why not, for those that could not be."""
    queries = queries_on(SessionDriver(session))
    there = {each for each in ids if await queries.queue_job_by_id(JobId(each))}
    known = [JobId(each) for each in there]
    statement = queries.qbq.build_log_job_query()
    await queries.driver.execute(statement, known, ["canceled"] * len(known), [None] * len(known))
    await queries.notify_job_cancellation(known)
    return dict.fromkeys({*ids} - there, "not in the queue")


def _run(work: Callable[[Queries], Awaitable[Result]]) -> Result:
    async def run(session: AsyncSession) -> Result:
        return await work(queries_on(SessionDriver(session)))

    return run_with_session(run)


def _print(rows: Sequence[Job]) -> None:
    now = datetime.now(UTC)
    for row in rows:
        age, wait = (now - row.created).total_seconds(), (row.execute_after - now).total_seconds()
        due = f" due in {wait:.0f} s" if row.status == "queued" and wait > 0 else ""
        origin = f" request {row.headers['request_id']}" if row.headers and "request_id" in row.headers else ""
        click.echo(f"{row.id} {row.status:<7} {row.entrypoint} attempt {row.attempts + 1} {age:.0f} s old{due}{origin}")


def _say(done: str, ids: Sequence[int], refused: Mapping[int, str]) -> None:
    """One line for each; exit status 1 where one was refused."""
    for each in ids:
        click.echo(f"{each} {refused.get(each, done)}", err=each in refused)
    if refused:
        raise SystemExit(1)
