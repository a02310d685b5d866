"""What the queue itself has to forget."""

from typing import Final

from sqlalchemy import text

from app import jobs

BATCH: Final = 5_000  # within the time that a statement may take
_FORGET: Final = (
    text(
        "DELETE FROM jobs.pgqueuer_log WHERE id IN (SELECT l.id FROM jobs.pgqueuer_log l WHERE l.created < now() - interval '30 days'"
        " AND NOT EXISTS (SELECT FROM jobs.pgqueuer q WHERE q.id = l.job_id) ORDER BY l.created LIMIT :batch) RETURNING id"
    ),
    text(
        "DELETE FROM jobs.pgqueuer_statistics WHERE id IN"
        " (SELECT id FROM jobs.pgqueuer_statistics WHERE created < now() - interval '30 days' LIMIT :batch) RETURNING id"
    ),
)


@jobs.schedule("15 3 * * *")
@jobs.job()
async def forget_old_jobs(context: jobs.Context) -> None:
    """Delete what happened to jobs more than 30 days ago; those that are still there keep their history."""
    for statement in _FORGET:
        deleted = BATCH
        while deleted == BATCH:
            async with context.database.session() as session:
                deleted = len((await session.execute(statement, {"batch": BATCH})).all())
