"""Schedules: the ticks of a time zone, one job for each over all workers, and those that nobody was there for."""

import asyncio
from collections.abc import Iterator, MutableMapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from app import jobs
from app.db.database import Database
from app.jobs.engine.port import JOBS
from app.jobs.engine.queue import SessionDriver, queries_on
from app.jobs.engine.schedule import SCHEDULES, Schedule, enqueue_due

Logs = list[MutableMapping[str, object]]


async def report(context: jobs.Context) -> None:
    """Do nothing."""


@pytest.fixture
def every_minute() -> Iterator[Schedule]:
    """A schedule that is due in every minute."""
    job = jobs.schedule("* * * * *", late=timedelta(minutes=10))(jobs.job()(report))
    yield SCHEDULES[job.name]
    del SCHEDULES[job.name], JOBS[job.name]


def at(text_: str) -> datetime:
    """A time in UTC."""
    return datetime.fromisoformat(text_).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "zone", "after", "expected"),
    [
        ("0 9 * * *", "UTC", "2026-11-28 08:59", ["2026-11-28 09:00", "2026-11-29 09:00"]),
        ("0 9 * * *", "Europe/Paris", "2026-07-01 00:00", ["2026-07-01 07:00", "2026-07-02 07:00"]),
        ("0 9 * * *", "Europe/Paris", "2026-12-01 00:00", ["2026-12-01 08:00", "2026-12-02 08:00"]),
        ("0 9 * * *", "Asia/Kolkata", "2026-12-01 00:00", ["2026-12-01 03:30", "2026-12-02 03:30"]),
        ("30 2 * * *", "Europe/Paris", "2026-10-24 01:00", ["2026-10-25 00:30", "2026-10-26 01:30"]),
        ("30 2 * * *", "Europe/Paris", "2026-03-28 02:00", ["2026-03-29 01:00", "2026-03-30 00:30"]),
        ("30 * * * *", "Europe/Paris", "2026-10-25 00:00", ["2026-10-25 00:30", "2026-10-25 01:30"]),
        ("0 0 1 1 *", "UTC", "2026-01-01 00:00", ["2027-01-01 00:00", "2028-01-01 00:00"]),
    ],
)
def test_ticks_are_those_of_the_time_zone(cron: str, zone: str, after: str, expected: list[str]) -> None:
    schedule = Schedule(
        jobs.Job(report, JOBS["housekeeping.forget_old_jobs"].options), cron, ZoneInfo(zone), timedelta(hours=1)
    )

    ticks = schedule.ticks(at(after))

    assert [next(ticks), next(ticks)] == [at(each) for each in expected]


async def seen_before(database: Database, schedule: Schedule, ago: timedelta) -> None:
    """The schedule as workers left it a while ago."""
    async with database.session() as session:
        await session.execute(
            text("INSERT INTO jobs.schedules VALUES (:name, now() - cast(:ago AS interval))"),
            {"name": schedule.job.name, "ago": ago},
        )


async def look(database: Database, schedule: Schedule) -> float:
    """What each worker does at a tick."""
    async with database.session() as session:
        return await enqueue_due(session, schedule)


async def enqueued(database: Database) -> int:
    """How many jobs there are."""
    async with database.session() as session:
        return len(await queries_on(SessionDriver(session)).browse_queue())


async def test_tick_is_enqueued_once_however_many_workers_look(
    committing_database: Database, every_minute: Schedule
) -> None:
    await seen_before(committing_database, every_minute, timedelta(minutes=1))

    pauses = await asyncio.gather(*[look(committing_database, every_minute) for _ in range(8)])

    assert await enqueued(committing_database) == 1
    assert all(0 < pause <= 60 for pause in pauses)


async def test_schedule_that_is_new_waits_for_its_first_tick(database: Database, every_minute: Schedule) -> None:
    await look(database, every_minute)

    assert await enqueued(database) == 0


@pytest.mark.parametrize(
    ("ago", "missed"), [(timedelta(minutes=1), 0), (timedelta(minutes=5), 4), (timedelta(days=3), 999)]
)
async def test_ticks_that_were_missed_are_reported_and_the_newest_is_made_up_for(
    database: Database, every_minute: Schedule, logs: Logs, ago: timedelta, missed: int
) -> None:
    await seen_before(database, every_minute, ago)

    await look(database, every_minute)

    assert await enqueued(database) == 1
    assert [line["missed"] for line in logs] in ([[]] if not missed else [[missed], [missed + 1]])


async def test_tick_that_is_too_old_is_not_made_up_for(database: Database, logs: Logs) -> None:
    options = JOBS["housekeeping.forget_old_jobs"].options
    yearly = Schedule(jobs.Job(report, options), "0 0 1 1 *", ZoneInfo("UTC"), timedelta(minutes=1))
    await seen_before(database, yearly, timedelta(days=370))

    await look(database, yearly)

    assert await enqueued(database) == 0
    assert [line["missed"] for line in logs] in ([1], [2])


def test_expression_that_is_none_is_refused_with_an_example() -> None:
    with pytest.raises(ValueError, match="is no cron expression; write minute, hour"):
        jobs.schedule("every day")


def test_second_schedule_of_a_job_is_refused(every_minute: Schedule) -> None:
    with pytest.raises(TypeError, match="has a schedule already"):
        jobs.schedule("0 * * * *")(every_minute.job)
