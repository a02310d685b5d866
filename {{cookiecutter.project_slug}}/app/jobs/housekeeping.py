"""What the service has to forget: the history of jobs, and rows that are over."""

from datetime import timedelta
from typing import Final

from sqlalchemy import Executable, delete, func, or_, select, text, tuple_

from app import jobs
from app.models.base import OVER, Base

DAY: Final = timedelta(days=1)  # somebody may still want to see what ended
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
        await _delete(context, statement)


@jobs.schedule("30 3 * * *")
@jobs.job(timeout=timedelta(minutes=10))
async def forget_what_is_over(context: jobs.Context) -> None:
    """Delete rows that have been over for a day, by the moments that models mark with `OVER`: sessions, links, credentials that were used up."""
    for table in Base.metadata.sorted_tables:
        moments = [column for column in table.columns if OVER.items() <= column.info.items()]
        if moments:
            over = (
                select(*table.primary_key).where(or_(*(moment < func.now() - DAY for moment in moments))).limit(BATCH)
            )
            key = tuple_(*table.primary_key)
            await _delete(context, delete(table).where(key.in_(over)).returning(*table.primary_key))


async def _delete(context: jobs.Context, statement: Executable) -> None:
    """Repeat a statement that deletes a batch, each in a transaction of its own, until it finds less."""
    deleted = BATCH
    while deleted == BATCH:
        async with context.database.session() as session:
            deleted = len((await session.execute(statement, {"batch": BATCH})).all())
