"""The service's database for a test: everything happens in one transaction that is rolled back afterwards."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr
from sqlalchemy import Connection, Row
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession
from sqlalchemy.sql.selectable import TypedReturnsRows

from app.core.settings import Environment
from app.core.settings.database import DatabaseSettings
from app.db.after_commit import run_after_commit
from app.db.database import Columns, Database, Reader, Result, transactional
from app.db.engine import create_pooled_engine


class RollbackDatabase(Database):
    """A `Database` on one connection. Commits release a savepoint: later sessions see them, the world never does.

    One connection does one thing at a time: a test of concurrent requests uses `committing_database`. All of a test is one transaction,
    so `now()` of PostgreSQL stands still in it.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        super().__init__(connection.engine)
        self._connection = connection
        self.arranging = self._open()
        self.reader = _RollbackReader(self)

    def _open(self) -> AsyncSession:
        return AsyncSession(self._connection, expire_on_commit=False, join_transaction_mode="create_savepoint")

    async def write(self, statement: TypedReturnsRows[*Columns], **parameters: object) -> Row[*Columns] | None:
        """As the original, up to the commit that is none."""
        async with self.session() as session:
            return (await session.execute(statement, parameters)).first()

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """What `work` reads in the transaction of the test."""
        await self._forget_arranged()
        return await self._connection.run_sync(work)

    async def _forget_arranged(self) -> None:
        """Objects that a test has left loaded must help neither the code under test nor the assertions about it."""
        await self.arranging.commit()
        self.arranging.expunge_all()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """As the original, up to the commit that is none."""
        await self._forget_arranged()
        async with self._open() as session, session.begin():
            yield session
        await run_after_commit(session)

    async def dispose(self) -> None:
        """The connection belongs to the fixture."""


class _RollbackReader(Reader):
    """Reads in the same transaction as everything else."""

    def __init__(self, database: RollbackDatabase) -> None:
        super().__init__(database.engine)
        self._database = database

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        return await self._database.read(work)


def _engine(url: str) -> AsyncEngine:
    """Patient: on a busy machine a request of many at once may wait for its connection longer than callers should."""
    settings = DatabaseSettings(
        environment=Environment.TEST, database_url=SecretStr(url), db_pool_timeout=30, db_connect_timeout=30
    )
    return create_pooled_engine(settings)


@pytest.fixture(scope="session")
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """The engine on this worker's database."""
    engine = _engine(database_url)
    yield engine
    await engine.dispose()


@pytest.fixture
async def database(engine: AsyncEngine) -> AsyncIterator[RollbackDatabase]:
    """The database for one test; nothing of it remains."""
    async with transactional(engine).connect() as connection:
        transaction = await connection.begin()
        database = RollbackDatabase(connection)
        yield database
        await database.arranging.close()
        await transaction.rollback()


@pytest.fixture
def session(database: RollbackDatabase) -> AsyncSession:
    """A session to arrange and to assert with; each use of the database by the service flushes and empties it."""
    return database.arranging


@pytest.fixture
async def committing_database(fresh_database_url: str) -> AsyncIterator[Database]:
    """A database for one test with real connections and real commits: for concurrency, locks, and errors at commit."""
    database = Database(_engine(fresh_database_url))
    yield database
    await database.dispose()
