"""`python -m app jobs`: dead letters are seen, retried and cancelled by hand."""

import pytest
from pgqueuer.models import TracebackRecord
from pgqueuer.types import JobId
from sqlalchemy.ext.asyncio import AsyncSession

from app import jobs
from app.cli.run import run_with_session
from app.jobs.engine.queue import SessionDriver, queries_on
from app.jobs.housekeeping import forget_old_jobs
from tests.cli.conftest import Run, rows

STATUSES = "SELECT id, status::text FROM jobs.pgqueuer ORDER BY id"


@pytest.fixture
def dead_and_waiting(run: Run) -> tuple[int, int]:
    """A dead letter, and a job that waits; their ids."""
    del run  # sets DATABASE_URL

    async def work(session: AsyncSession) -> tuple[int, int]:
        dead, waiting = [await jobs.enqueue(session, forget_old_jobs) or 0 for _ in range(2)]
        return await _bury(session, dead), waiting

    return run_with_session(work)


async def _bury(session: AsyncSession, number: int | None) -> int:
    """Make a dead letter of a job."""
    queries, dead = queries_on(SessionDriver(session)), JobId(number or 0)
    row = await queries.queue_job_by_id(dead)
    assert row is not None
    await queries.log_jobs([(row, "failed", TracebackRecord.from_exception(LookupError("no such mailbox"), dead))])
    return int(dead)


def test_dead_letter_is_seen_with_its_error_retried_and_cancelled(
    run: Run, fresh_database_url: str, dead_and_waiting: tuple[int, int]
) -> None:
    dead, waiting = dead_and_waiting

    listed, failed, shown = run("jobs", "list"), run("jobs", "failed"), run("jobs", "show", str(dead))
    retried = run("jobs", "retry", str(dead), str(waiting))
    statuses = rows(fresh_database_url, STATUSES)
    cancelled = run("jobs", "cancel", str(dead), "999")

    assert [line.split()[:3] for line in listed.stdout.splitlines()] == [
        [str(dead), "failed", "housekeeping.forget_old_jobs"],
        [str(waiting), "queued", "housekeeping.forget_old_jobs"],
    ]
    assert [line.split()[0] for line in failed.stdout.splitlines()] == [str(dead)]
    assert "LookupError: no such mailbox" in shown.stdout
    assert (retried.status, retried.stdout) == (1, f"{dead} back in the queue\n")
    assert retried.stderr == f"{waiting} not among the dead letters\n"
    assert [tuple(row) for row in statuses] == [(dead, "queued"), (waiting, "queued")]
    assert (cancelled.stdout, cancelled.stderr) == (f"{dead} cancelled\n", "999 not in the queue\n")
    assert [tuple(row) for row in rows(fresh_database_url, STATUSES)] == [(waiting, "queued")]


def test_dead_letter_whose_key_is_enqueued_again_waits_and_the_others_are_retried(
    run: Run, fresh_database_url: str, dead_and_waiting: tuple[int, int]
) -> None:
    other, _ = dead_and_waiting

    async def work(session: AsyncSession) -> list[int]:
        dead = [await _bury(session, await jobs.enqueue(session, forget_old_jobs, key="a")) for _ in range(2)]
        dead += [await _bury(session, await jobs.enqueue(session, forget_old_jobs, key="b")) for _ in range(2)]
        await jobs.enqueue(session, forget_old_jobs, key="a")
        return dead

    first, second, third, fourth = run_with_session(work)

    retried = run("jobs", "retry", *map(str, (first, second, third, fourth, other)))

    assert (retried.status, retried.stdout) == (1, f"{third} back in the queue\n{other} back in the queue\n")
    assert retried.stderr.splitlines() == [f"{each} another job with its key waits" for each in (first, second, fourth)]
    failed = rows(fresh_database_url, STATUSES.replace("ORDER", "WHERE status = 'failed' ORDER"))
    assert [row[0] for row in failed] == [first, second, fourth]


def test_job_that_is_over_can_still_be_shown_and_one_that_never_was_is_said(
    run: Run, dead_and_waiting: tuple[int, int]
) -> None:
    _, waiting = dead_and_waiting
    run("jobs", "cancel", str(waiting))

    over, never = run("jobs", "show", str(waiting)), run("jobs", "show", "999")

    assert over.stdout.splitlines()[0] == "housekeeping.forget_old_jobs is over"
    assert over.stdout.splitlines()[-1].endswith("canceled")
    assert (never.status, never.stderr) == (1, "Error: There is no job 999.\n")
