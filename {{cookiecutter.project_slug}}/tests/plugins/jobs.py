"""Jobs in a test: what its transaction has enqueued runs when the test says so, in the same transaction."""

from collections.abc import Awaitable, Callable
from typing import Final

import pytest

from app.core.settings import Settings
from app.db.database import Database
from app.jobs.engine.port import Context, load_jobs
from app.jobs.engine.queue import SessionDriver, queries_on

# What `enqueue` sends, as the engine has it, for tests/api/queries.
ENQUEUE: Final = queries_on(SessionDriver(None)).qbq.build_enqueue_query(on_conflict="skip")


@pytest.fixture
def run_jobs(database: Database, settings: Settings) -> Callable[[], Awaitable[list[str]]]:
    """`await run_jobs()`: run all that is enqueued, also what it enqueues itself and what would be due later; the names in their order.

    Nothing is retried: the error of a job is that of the test.
    """

    async def run() -> list[str]:
        names: list[str] = []
        known = load_jobs()
        while True:
            async with database.session() as session:
                waiting = await queries_on(SessionDriver(session)).browse_queue(1, statuses=["queued"])
            if not waiting:
                return names
            [row] = waiting
            await known[row.entrypoint].run(Context(database, settings, row.id), row.payload)
            async with database.session() as session:
                await queries_on(SessionDriver(session)).log_jobs([(row, "successful", None)])
            names.append(row.entrypoint)

    return run
