"""The one connection of this process on which PostgreSQL's notifications arrive.

It is not of the pool and goes past any pooler, to which LISTEN means nothing. A server that closes it is noticed at once, a network that has
forgotten it by asking every few seconds; in both cases it is opened again, and what was sent in between is lost: PostgreSQL keeps nothing.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Final

import asyncpg
from sqlalchemy.exc import SQLAlchemyError

from app.core.database_url import DatabaseUrlError
from app.core.errors import Unavailable
from app.core.logging import get_logger
from app.core.project import NAME
from app.core.settings.database import DatabaseSettings
from app.db.engine import create_direct_engine, direct_address_of
from app.db.notify import CHANNEL

log = get_logger(__name__)

APPLICATION: Final = f"{NAME} live"
CHECK_EVERY: Final = 7.0  # with the timeout: less than 10 seconds until the loss is known
CHECK_TIMEOUT: Final = 2.0
FIRST_DELAY: Final = 0.1
LAST_DELAY: Final = 5.0
_LOST = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, SQLAlchemyError, Unavailable)


class Listener:
    """Listens from the first `ready()` to `close()`. `on_text` is called with each notification, `on_loss` when some may have been missed."""

    def __init__(
        self, settings: DatabaseSettings, *, on_text: Callable[[str], None], on_loss: Callable[[], None]
    ) -> None:
        self._settings = settings
        self._on_text = on_text
        self._on_loss = on_loss
        self._listening = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def ready(self) -> None:
        """Return when notifications arrive.

        Raises:
            Unavailable: they do not, in the time that a new connection may take.
        """
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        try:
            async with asyncio.timeout(self._settings.db_connect_timeout):
                await self._listening.wait()
        except TimeoutError:
            raise Unavailable(reason="no listener", retry_after=LAST_DELAY) from None

    async def close(self) -> None:
        """Listen no more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        delay = FIRST_DELAY
        while True:
            try:
                async with self._connection() as connection:
                    delay = FIRST_DELAY
                    await self._until_lost(connection)
                cause = "closed by the server"
            except _LOST as error:
                cause = str(error) or type(error).__name__
            except DatabaseUrlError as error:
                log.error("no live updates", cause=str(error))  # noqa: TRY400 - the message says all
                return
            except Exception:  # whatever it is: connections end, so that clients read again, and it begins again
                log.exception("the listener failed")
                cause = "unexpected"
            log.warning("not listening", cause=cause)
            await asyncio.sleep(delay * random.uniform(0.5, 1))  # noqa: S311 - so that processes do not come back at once
            delay = min(2 * delay, LAST_DELAY)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        address = direct_address_of(self._settings)
        engine = create_direct_engine(replace(address, server_settings={"application_name": APPLICATION}))
        async with asyncio.timeout(self._settings.db_connect_timeout) as limit, engine.connect() as connection:
            raw = await connection.get_raw_connection()
            limit.reschedule(None)
            yield raw.driver_connection

    async def _until_lost(self, connection: asyncpg.Connection) -> None:
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        await connection.add_listener(CHANNEL, lambda *args: self._on_text(args[-1]))
        self._listening.set()
        log.info("listening for notifications")
        try:
            while not lost.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(CHECK_EVERY):
                        await lost.wait()
                        return
                await connection.fetchval("SELECT 1", timeout=CHECK_TIMEOUT)
        finally:
            self._listening.clear()
            self._on_loss()
