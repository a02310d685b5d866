"""Jobs that leave marks in the database."""

import asyncio
import os
import signal
import time
from datetime import timedelta

from pydantic import TypeAdapter
from sqlalchemy import text

from app import jobs

SOON = timedelta(milliseconds=50)


async def mark(context: jobs.Context, what: str) -> None:
    """Leave a line that outlives this process."""
    async with context.database.session() as session:
        statement = text("INSERT INTO marks (what, job, attempt, pid) VALUES (:what, :job, :attempt, :pid)")
        values = {"what": what, "job": context.job_id, "attempt": context.attempt, "pid": os.getpid()}
        await session.execute(statement, values)


@jobs.job(retries=1, backoff=SOON)
async def nap(context: jobs.Context, *, seconds: float) -> None:
    """Take a while."""
    await mark(context, "began")
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        await mark(context, "cancelled")
        raise
    await mark(context, "ended")


@jobs.job(backoff=SOON)
async def kill_the_worker(context: jobs.Context) -> None:
    """End as if out of memory."""
    await mark(context, "began")
    os.kill(os.getpid(), signal.SIGKILL)


@jobs.job(retries=3, backoff=timedelta(milliseconds=400))
async def fail(context: jobs.Context, *, times: int) -> None:
    """Fail so many times, then succeed."""
    await mark(context, "began")
    if context.attempt <= times:
        await _FAILURES[context.attempt % len(_FAILURES)]()
    await mark(context, "ended")


async def _raise() -> None:
    raise LookupError("nothing there")


async def _read_what_is_wrong() -> None:
    TypeAdapter(int).validate_json('"an answer of somebody else"')


async def _wait_for_what_was_cancelled() -> None:
    task = asyncio.create_task(asyncio.sleep(600))
    task.cancel()
    await task


_FAILURES = (_raise, _read_what_is_wrong, _wait_for_what_was_cancelled)


@jobs.job(retries=0, timeout=timedelta(milliseconds=300))
async def hang(context: jobs.Context) -> None:
    """Never end by itself."""
    await mark(context, "began")
    try:
        await asyncio.sleep(600)
    finally:
        await mark(context, "left")


@jobs.job(timeout=timedelta(seconds=1), retries=0, queue="heavy")
async def block(context: jobs.Context, *, seconds: float) -> None:
    """Hold the event loop."""
    await mark(context, "began")
    time.sleep(seconds)  # noqa: ASYNC251 - what is to be found
    await mark(context, "ended")
