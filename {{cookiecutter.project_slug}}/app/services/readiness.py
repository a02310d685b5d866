"""Whether the service can do its work right now."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.errors import AppError
from app.core.shutdown import shutdown
from app.db.causes import cause_of
from app.db.ownership import BEHIND, fault_of, read_state
from app.db.revisions import Revisions

TIMEOUT_SECONDS = 1.5


class Check(StrEnum):
    """Result of one check."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Readiness:
    """Asks the database, past the pool of the requests, within its own time limit.

    However many ask at once, one question is under way: an open endpoint must not be a way to flood the database.
    """

    def __init__(self, engine: AsyncEngine, *, revisions: Revisions) -> None:
        self._engine = engine
        self._revisions = revisions
        self.reason = ""  # why the database could not be used, for people who run the service
        # What the service can do without, more slowly: shown, and never a reason not to be ready.
        self.details: dict[str, Callable[[], Awaitable[bool]]] = {}
        self._running: asyncio.Task[dict[str, Check]] | None = None

    async def check(self) -> dict[str, Check]:
        """The result of every check, by name."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._check_database())
        database = await asyncio.shield(self._running)
        return {"shutdown": Check.FAILED if shutdown.draining else Check.OK, **database}

    async def check_details(self) -> dict[str, Check]:
        """The result of each of `details`, which take care of their own time limit."""
        return {name: Check.OK if await answers() else Check.FAILED for name, answers in self.details.items()}

    async def dispose(self) -> None:
        """Close what is open."""
        await self._engine.dispose()

    async def _check_database(self) -> dict[str, Check]:
        behind = False
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS), self._engine.connect() as connection:
                state = await connection.run_sync(read_state)
            behind = self._revisions.are_ahead_of(state.revisions)
            self.reason = fault_of(state, self._revisions) or ""
        except (AppError, SQLAlchemyError, OSError, TimeoutError) as error:
            self.reason = cause_of(error)
        if self.reason:
            return {"database": Check.FAILED, "migrations": Check.UNKNOWN}
        self.reason = BEHIND if behind else ""
        return {"database": Check.OK, "migrations": Check.FAILED if behind else Check.OK}
