"""Jobs at set times: each tick is enqueued once, by whichever worker comes first, by the clock of PostgreSQL."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from typing import Final
from zoneinfo import ZoneInfo

from croniter import croniter  # type: ignore[import-untyped] # ships none
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Unavailable
from app.core.logging import get_logger
from app.db.database import Database
from app.jobs.engine.port import Job, enqueue

log = get_logger(__name__)

LONGEST_PAUSE: Final = 60.0
COUNTED_TICKS: Final = 1000
# The row stays locked: what other workers see of it is how we leave it.
_FIRST_SEEN: Final = text(
    "INSERT INTO jobs.schedules (name, last_tick) VALUES (:name, clock_timestamp()) ON CONFLICT DO NOTHING"
)
_LAST: Final = text("SELECT last_tick, clock_timestamp() AS now FROM jobs.schedules WHERE name = :name FOR UPDATE")
_MOVE: Final = text("UPDATE jobs.schedules SET last_tick = :tick WHERE name = :name")
SCHEDULES: "Final[dict[str, Schedule]]" = {}


@dataclass(frozen=True)
class Schedule:
    """When a job is due."""

    job: Job[[]]
    cron: str
    zone: ZoneInfo
    late: timedelta

    def ticks(self, moment: datetime) -> Iterator[datetime]:
        """Those after a moment, in UTC. Of an hour that the clocks repeat, the first, unless the hour of the expression has a `*`."""
        every_hour = "*" in self.cron.split()[1]
        for tick in croniter(self.cron, moment.astimezone(self.zone), ret_type=datetime):
            if every_hour or not tick.fold:
                yield tick.astimezone(UTC)

    def due(self, last: datetime, now: datetime) -> list[datetime]:
        """Those since the last one that was seen to; of very many the first ones and the newest."""
        found = [*islice(takewhile(lambda tick: tick <= now, self.ticks(last)), COUNTED_TICKS)]
        if len(found) == COUNTED_TICKS:
            found[-1] = croniter(self.cron, now.astimezone(self.zone)).get_prev(datetime).astimezone(UTC)
        return found


def schedule(cron: str, *, zone: str = "UTC", late: timedelta = timedelta(hours=1)) -> Callable[[Job[[]]], Job[[]]]:
    """Enqueue a job, which takes no arguments, at the times of `cron` (minute, hour, day, month, day of the week) in a time zone.

    Ticks that nobody was there for are reported; the newest of them is made up for, if it is not older than `late`. What a day has not (02:30, when
    the clocks go forward) comes at the next time that it has; what it has twice comes once.
    """
    if not croniter.is_valid(cron):
        raise ValueError(
            f"{cron!r} is no cron expression; write minute, hour, day, month and day of the week: '30 3 * * *'"
        )

    def register(job: Job[[]]) -> Job[[]]:
        if job.name in SCHEDULES:
            raise TypeError(f"{job.name} has a schedule already")
        SCHEDULES[job.name] = Schedule(job, cron, ZoneInfo(zone), late)
        return job

    return register


async def keep(database: Database, schedules: Iterable[Schedule], stopped: asyncio.Event) -> None:
    """Enqueue what is due, until stopped."""
    kept = list(schedules)
    while not stopped.is_set():
        pause = LONGEST_PAUSE
        try:
            for each in kept:
                async with database.session() as session:
                    pause = min(pause, await enqueue_due(session, each))
        except Unavailable as error:
            log.warning("schedules have to wait for the database", cause=error.reason)
            pause = 1
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await stopped.wait()


async def enqueue_due(session: AsyncSession, schedule: Schedule) -> float:
    """Enqueue the newest tick if it is due and no worker has, and report those that were missed; the seconds until the next."""
    name = schedule.job.name
    await session.execute(_FIRST_SEEN, {"name": name})
    last, now = (await session.execute(_LAST, {"name": name})).one()
    if due := schedule.due(last, now):
        await session.execute(_MOVE, {"name": name, "tick": due[-1]})
        in_time = now - due[-1] <= schedule.late
        if in_time:
            await enqueue(session, schedule.job)
        if missed := len(due) - in_time:
            log.warning("ticks of a schedule were missed", job=name, missed=missed, first=due[0].isoformat())
    return float((next(schedule.ticks(now)) - now).total_seconds())
