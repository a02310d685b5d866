"""pgqueuer's tables, reached through a session: what is enqueued is part of the transaction."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Self

from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.core.tm import TaskManager
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel
from pgqueuer.ports.driver import Driver, NotifyCallback
from pgqueuer.queries import Queries
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

# Each given: pgqueuer would read those that are not from the environment, by names as common as CHANNEL and FUNCTION.
ENGINE: Final = DBSettings(
    prefix="",
    db_schema="jobs",
    channel=Channel("ch_pgqueuer"),
    function="fn_pgqueuer_changed",
    statistics_table="pgqueuer_statistics",
    queue_status_type="pgqueuer_status",
    queue_table="pgqueuer",
    queue_table_log="pgqueuer_log",
    trigger="tg_pgqueuer_changed",
    schedules_table="pgqueuer_schedules",
    durability=Durability.durable,
    widen_id=True,
)


def queries_on(driver: Driver) -> Queries:
    """pgqueuer's statements on our schema."""
    return Queries(driver, QueryBuilderEnvironment(ENGINE), QueryQueueBuilder(ENGINE), QuerySchedulerBuilder(ENGINE))


class SessionDriver(Driver):
    """Sends pgqueuer's statements through the transaction of a session.

    Not through its raw connection: SQLAlchemy begins lazily, so a statement there can stand outside of the transaction.
    """

    def __init__(self, session: AsyncSession | None) -> None:
        self._session = session
        self._shutdown = asyncio.Event()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection]:
        if self._session is None:
            raise NotImplementedError
        yield await self._session.connection()

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        """The rows of a statement; none where it returns none."""
        async with self._connection() as connection:
            result = await connection.exec_driver_sql(query, args)
            return [_as_drivers_do(row) for row in result.mappings()] if result.returns_rows else []

    async def execute(self, query: str, *args: object) -> str:
        """Run a statement. Nothing asks for the tag that drivers return."""
        await self.fetch(query, *args)
        return ""

    async def notify(self, channel: str, payload: str) -> None:
        """Notify, when the transaction commits."""
        await self.fetch("SELECT pg_notify($1, $2)", channel, payload)

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        """A session does not outlive its transaction, so it cannot listen."""
        raise NotImplementedError

    @property
    def shutdown(self) -> asyncio.Event:
        """Of the protocol; nothing sets it."""
        return self._shutdown

    @property
    def tm(self) -> TaskManager:
        """Of the protocol: nothing runs in the background."""
        return TaskManager()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...


def _as_drivers_do(row: RowMapping) -> dict[str, object]:
    """A row with JSON as text: SQLAlchemy has asyncpg decode it, and pgqueuer decodes it itself."""
    return {name: json.dumps(value) if isinstance(value, dict) else value for name, value in row.items()}
