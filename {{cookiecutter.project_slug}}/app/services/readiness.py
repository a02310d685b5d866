"""Whether the service can do its work right now."""

import asyncio
from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.errors import AppError
from app.core.shutdown import shutdown

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

    def __init__(self, engine: AsyncEngine, *, expected_revision: str | None) -> None:
        self._engine = engine
        self._expected_revision = expected_revision
        self.reason = ""  # why the database could not be used, for people who run the service
        self._running: asyncio.Task[dict[str, Check]] | None = None

    async def check(self) -> dict[str, Check]:
        """The result of every check, by name."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._check_database())
        database = await asyncio.shield(self._running)
        return {"shutdown": Check.FAILED if shutdown.draining else Check.OK, **database}

    async def dispose(self) -> None:
        """Close what is open."""
        await self._engine.dispose()

    async def _check_database(self) -> dict[str, Check]:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                revision = await self._revision()
        except (AppError, SQLAlchemyError, OSError, TimeoutError) as error:
            self.reason = str(getattr(error, "orig", error)).partition("\n")[0] or type(error).__name__
            return {"database": Check.FAILED, "migrations": Check.UNKNOWN}
        at_head = revision == self._expected_revision
        return {"database": Check.OK, "migrations": Check.OK if at_head else Check.FAILED}

    async def _revision(self) -> str | None:
        """The revision that the database is migrated to; None where it never was."""
        async with self._engine.connect() as connection:
            if await connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
                return None
            revision: str | None = await connection.scalar(text("SELECT version_num FROM alembic_version"))
            return revision
