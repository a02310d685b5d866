"""The queue forgets what is long over, and nothing else."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID, uuid4

from sqlalchemy import Column, RowMapping, Table, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import jobs
from app.jobs.housekeeping import forget_old_jobs, forget_what_is_over
from app.models import Base


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


async def test_rows_are_forgotten_a_day_after_they_are_over(
    session: AsyncSession, run_jobs: Callable[[], Awaitable[list[str]]]
) -> None:
    marked = {table: moments for table in Base.metadata.sorted_tables if (moments := _moments(table))}
    now = datetime.now(UTC)
    for table, moments in marked.items():
        later = dict.fromkeys(moments, now + timedelta(days=9))
        for age in (timedelta(hours=25), timedelta(hours=23), timedelta(hours=-1)):
            await _insert(session, table, later | {moments[0]: now - age})
    await jobs.enqueue(session, forget_what_is_over)

    await run_jobs()

    counts = [await session.scalar(select(func.count()).select_from(table)) for table in marked]
    assert counts == [2] * len(marked)


def _moments(table: Table) -> list[str]:
    return [column.name for column in table.columns if column.info.get("over")]


async def _insert(session: AsyncSession, table: Table, values: dict[str, datetime]) -> RowMapping:
    """A row with these values and any others, after the rows that it refers to."""
    made: dict[str, object] = {}
    for column in table.columns:
        if column.foreign_keys:
            [key] = column.foreign_keys
            made[column.name] = (await _insert(session, key.column.table, {}))[key.column.name]
        elif not column.nullable and column.server_default is None:
            made[column.name] = _value(column)
    row = (await session.execute(insert(table).values(made | values).returning(table))).mappings().one()
    return cast("RowMapping", row)


def _value(column: "Column[object]") -> object:
    now = datetime.now(UTC)
    kinds = {UUID: uuid4(), str: f"{uuid4()}", bytes: uuid4().bytes, int: 1, bool: True, datetime: now}
    return "reset" if column.name == "purpose" else kinds[column.type.python_type]
