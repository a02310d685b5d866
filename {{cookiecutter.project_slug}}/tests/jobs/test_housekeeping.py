"""The queue forgets what is long over, and nothing else."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import jobs
from app.jobs.housekeeping import forget_old_jobs


async def test_history_of_old_jobs_goes_and_that_of_waiting_ones_stays(
    session: AsyncSession, run_jobs: Callable[[], Awaitable[list[str]]]
) -> None:
    await jobs.enqueue(session, forget_old_jobs)
    await run_jobs()
    await session.execute(text("UPDATE jobs.pgqueuer_log SET created = created - interval '31 days'"))
    waiting = await jobs.enqueue(session, forget_old_jobs, after=timedelta(hours=1))
    await session.execute(
        text("UPDATE jobs.pgqueuer_log SET created = created - interval '31 days' WHERE job_id = :id"), {"id": waiting}
    )

    await run_jobs()

    remaining = await session.execute(text("SELECT job_id, status::text FROM jobs.pgqueuer_log ORDER BY id"))
    assert [tuple(row) for row in remaining] == [(waiting, "queued"), (waiting, "successful")]
