"""The ways to use the database: a session that commits, one statement that does, and a reader that only reads."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TypeVar, TypeVarTuple

from sqlalchemy import Connection, Row
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.sql.selectable import TypedReturnsRows
from sqlalchemy.util import greenlet_spawn

from app.db.after_commit import run_after_commit

DISPOSE_TIMEOUT = 1.0
Columns = TypeVarTuple("Columns")
Result = TypeVar("Result")


def transactional(engine: AsyncEngine) -> AsyncEngine:
    """The same pool of connections, with a transaction around what is done on each."""
    return engine.execution_options(isolation_level="READ COMMITTED")


class Reader:
    """Runs statements that only read. Each sees the newest committed state, and holds a connection for no longer than it takes.

    Rows, not objects: what is only looked at needs no identity, no change tracking and no second query by accident.

    Raises:
        Unavailable: PostgreSQL did not answer in time.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    async def rows(self, statement: TypedReturnsRows[*Columns], **parameters: object) -> Sequence[Row[*Columns]]:
        """Every row."""
        return await self.run(lambda connection: connection.execute(statement, parameters).all())

    async def row(self, statement: TypedReturnsRows[*Columns], **parameters: object) -> Row[*Columns] | None:
        """The first row, or None."""
        return await self.run(lambda connection: connection.execute(statement, parameters).first())

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        """What `work` gets from a connection that is in no transaction."""

        def run() -> Result:
            with self.engine.sync_engine.connect() as connection:
                return work(connection)

        # One switch into SQLAlchemy's synchronous half and back. `AsyncConnection` switches for each of its methods, which costs more than the
        # statement itself: see docs/performance.md.
        return await greenlet_spawn(run)


class Database:
    """Sessions and a reader on one engine. Made when the service starts; `dispose` when it stops."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = transactional(engine)
        self.reader = Reader(engine)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A transaction: committed when the block ends well, rolled back when it raises. Work for after the commit is done then.

        Raises:
            Unavailable: PostgreSQL did not answer in time. After a failed COMMIT nothing is said to be done.
        """
        session = self._sessions()
        try:
            yield session
            await session.commit()
        except BaseException:
            # Closing rolls back. Shielded, so that the connection comes back to the pool also when the request was cancelled.
            await asyncio.shield(session.close())
            raise
        await run_after_commit(session)

    async def write(self, statement: TypedReturnsRows[*Columns], **parameters: object) -> Row[*Columns] | None:
        """The first row that one writing statement returns, or None. It is a transaction of its own: committed when this returns.

        When it raises, nothing is stored.

        Raises:
            Unavailable: PostgreSQL did not answer in time; what became of the statement is not known.
        """
        return await self.reader.row(statement, **parameters)

    async def dispose(self) -> None:
        """Close every connection, as far as that is possible in a second: the end of the process closes the rest."""
        with suppress(TimeoutError):
            async with asyncio.timeout(DISPOSE_TIMEOUT):
                await self.engine.dispose()
