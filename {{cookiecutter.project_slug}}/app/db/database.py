"""The two ways to use the database: a session that commits, and one that only reads."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

DISPOSE_TIMEOUT = 1.0


class Database:
    """Sessions on one engine. Made when the service starts; `dispose` when it stops."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)
        # A read needs no BEGIN and no ROLLBACK: that saves two round trips.
        reader = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._readers = async_sessionmaker(reader, expire_on_commit=False, autoflush=False)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A transaction: committed when the block ends well, rolled back when it raises.

        Raises:
            Unavailable: PostgreSQL did not answer in time. After a failed COMMIT nothing is said to be done.
        """
        async with self._sessions.begin() as session:
            yield session

    @asynccontextmanager
    async def read_session(self) -> AsyncIterator[AsyncSession]:
        """A session for reading only; each statement sees the newest committed state.

        Raises:
            Unavailable: PostgreSQL did not answer in time.
        """
        async with self._readers() as session:
            yield session

    async def dispose(self) -> None:
        """Close every connection, as far as that is possible in a second: the end of the process closes the rest."""
        with suppress(TimeoutError):
            async with asyncio.timeout(DISPOSE_TIMEOUT):
                await self.engine.dispose()
