"""How a worker reaches PostgreSQL: statements that wait until it is back, and a connection that listens and is replaced when it is lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Self

import asyncpg
from pgqueuer.ports.driver import NotifyCallback
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.core.errors import Unavailable
from app.core.logging import get_logger
from app.core.settings.database import DatabaseSettings
from app.db.causes import cause_of
from app.db.engine import direct_address_of
from app.jobs.engine.queue import SessionDriver

log = get_logger(__name__)

PAUSE_SECONDS: Final = 0.5
PROBE_SECONDS: Final = 5
LOST: Final = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


async def connect(settings: DatabaseSettings, *, timeout: float) -> asyncpg.Connection:  # noqa: ASYNC109 - asyncpg's own
    """A connection of one's own, past any pooler, whose statements end after `timeout`."""
    address = direct_address_of(settings)
    arguments = {**address.url.translate_connect_args(username="user"), **address.connect_args}
    limits = {"timeout": timeout, "command_timeout": timeout}
    return await asyncpg.connect(**{**arguments, **limits, "server_settings": address.server_settings})


class WorkerDriver(SessionDriver):
    """Sends pgqueuer's statements on the pool, each its own transaction, and repeats them until PostgreSQL takes them.

    So a restart of PostgreSQL ends no worker, and what a job has come to is not lost. Repeating is safe: what was picked without our hearing of
    it is picked again when its lease ends.
    """

    def __init__(self, engine: AsyncEngine, settings: DatabaseSettings) -> None:
        super().__init__(None)
        self._engine = engine
        self._settings = settings
        self._listener: asyncio.Task[None] | None = None
        self.reachable = self.listening = False

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection]:
        async with self._engine.connect() as connection:
            yield connection

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        """The rows of a statement.

        Raises:
            Unavailable: PostgreSQL does not answer, and the worker is to stop.
        """
        while True:
            try:
                rows = await super().fetch(query, *args)
            except (Unavailable, PoolTimeout) as error:
                self._report(reachable=False, cause=cause_of(error))
                if self.shutdown.is_set():
                    raise
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                self._report(reachable=True)
                return rows

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        """Listen from now on, also after the connection was lost."""
        self._listener = asyncio.create_task(self._listen(channel, callback))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.wait({self._listener})

    def _report(self, *, reachable: bool, cause: str | None = None) -> None:
        if not reachable and self.reachable:
            log.warning("the database does not answer, waiting for it", cause=cause)
        self.reachable = reachable

    async def _listen(self, channel: str, callback: NotifyCallback) -> None:
        while True:
            connection = None
            try:
                connection = await connect(self._settings, timeout=self._settings.db_connect_timeout)
                await connection.add_listener(channel, lambda *notice: callback(notice[-1]))
                self.listening = True
                while True:  # an idle connection that was lost says nothing
                    await asyncio.sleep(PROBE_SECONDS)
                    await connection.fetchval("SELECT 1")
            except LOST as error:
                self._report_silence(error)
            finally:
                self.listening = False
                if connection is not None:
                    connection.terminate()
            await asyncio.sleep(PAUSE_SECONDS)

    def _report_silence(self, error: Exception) -> None:
        if self.listening:
            log.warning("not listening for new jobs, asking for them meanwhile", cause=cause_of(error))
