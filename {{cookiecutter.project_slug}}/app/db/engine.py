"""The pool of connections, with every wait bounded.

PostgreSQL can be gone, restarted, or hung. No request may wait for it longer than the timeouts of the settings, and the first request
after a restart must not pay for a dead connection.
"""

import time
from contextlib import suppress
from typing import TYPE_CHECKING, cast

import asyncpg
from pydantic import SecretStr
from sqlalchemy import event
from sqlalchemy.engine import AdaptedConnection, ExceptionContext
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from app.core.database_url import Address, DatabaseUrlError, parse_database_url
from app.core.project import NAME
from app.core.settings.database import DatabaseSettings
from app.db.errors import is_transient, unavailable

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

PING_TIMEOUT = 1.0
CLOSE_TIMEOUT = 0.2


def create_pooled_engine(settings: DatabaseSettings, *, debug: bool = False) -> AsyncEngine:
    """The engine of the service. Nothing is connected before the first use.

    Its connections begin no transaction by themselves: reading needs none, and saves two round trips. `Database.session` asks for one. To ask for
    the opposite at each read costs about 50 us of CPU.

    Raises:
        DatabaseUrlError: the settings hold no usable address.
    """
    address = address_of(settings)
    engine = create_async_engine(
        address.url,
        connect_args=connect_args(settings, address),
        echo=debug,
        hide_parameters=not debug,
        isolation_level="AUTOCOMMIT",
        pool_size=settings.db_pool_size,
        max_overflow=settings.db_pool_overflow,
        pool_timeout=settings.db_pool_timeout,
        pool_use_lifo=True,
    )
    _check_idle_connections(engine, ping_after=settings.db_ping_after)
    event.listen(engine.sync_engine, "handle_error", _as_unavailable)
    return engine


def create_single_use_engine(settings: DatabaseSettings, *, timeout: float) -> AsyncEngine:
    """An engine that opens a connection each time, past the pool: for readiness, which must not queue behind requests."""
    address = address_of(settings)
    arguments = connect_args(settings, address) | {"timeout": timeout, "command_timeout": timeout}
    return create_async_engine(address.url, connect_args=arguments, poolclass=NullPool)


def create_direct_engine(address: Address) -> AsyncEngine:
    """An engine for migrations: their own connection, without the service's limits on statements."""
    arguments = {**address.connect_args, "server_settings": address.server_settings, "async_creator_fn": _connect}
    return create_async_engine(address.url, connect_args=arguments, poolclass=NullPool)


def address_of(settings: DatabaseSettings) -> Address:
    """Where the service's database is.

    Raises:
        DatabaseUrlError: not set, or not usable.
    """
    return _parsed(settings.database_url)


def direct_address_of(settings: DatabaseSettings) -> Address:
    """Where it is for migrations: past the pooler, if there is one.

    Raises:
        DatabaseUrlError: not set, or not usable.
    """
    address = _parsed(settings.direct_url or settings.database_url)
    if address.transaction_pooler or (settings.direct_url is None and settings.db_pooler == "transaction"):
        raise DatabaseUrlError("goes through a transaction pooler; set DIRECT_URL past it for migrations")
    return address


def _parsed(url: SecretStr | None) -> Address:
    if url is None:
        raise DatabaseUrlError(
            "is not set; `just dev` brings a database, and `uv run devkit exec -- COMMAND` runs a command on it; "
            "or set postgresql://USER:PASSWORD@HOST:5432/NAME"
        )
    return parse_database_url(url.get_secret_value())


def connect_args(settings: DatabaseSettings, address: Address) -> dict[str, object]:
    """What asyncpg is given for each connection: timeouts, and what the pooler in between needs."""
    pooler = "transaction" if address.transaction_pooler else settings.db_pooler
    timeouts = {"timeout": settings.db_connect_timeout, "command_timeout": settings.db_statement_timeout}
    arguments: dict[str, object] = {**timeouts, **address.connect_args, "async_creator_fn": _connect}
    server_settings = {"application_name": NAME, **address.server_settings}
    if pooler == "none":  # PgBouncer refuses these as startup parameters
        milliseconds = str(int(settings.db_statement_timeout * 1000))
        server_settings |= {"statement_timeout": milliseconds, "idle_in_transaction_session_timeout": "30000"}
    if pooler == "transaction":
        # Prepared statements live on a server connection, which the next transaction may not get again.
        arguments |= {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
    return arguments | {"server_settings": server_settings}


class _Connection(asyncpg.Connection):  # type: ignore[misc] # asyncpg ships no types
    """A connection that closes fast: with a server that hangs, a regular close would wait for seconds."""

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109 - asyncpg's signature; SQLAlchemy asks for 2 seconds
        """Cancel what runs and disconnect; cut the connection when that is not done in time."""
        with suppress(TimeoutError):
            await super().close(timeout=CLOSE_TIMEOUT)


async def _connect(*args: object, **kwargs: object) -> object:
    try:
        return await asyncpg.connect(*args, **kwargs, connection_class=_Connection)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:  # the first two SQLAlchemy does not even wrap
        raise unavailable(error) from error


def _check_idle_connections(engine: AsyncEngine, *, ping_after: float) -> None:
    """Replace connections that died in the pool before anybody uses them.

    SQLAlchemy's `pool_pre_ping` asks on every checkout, which costs 18-26 % of the CPU time of a request. asyncpg knows without asking when the
    server closed the connection; only one that idled for `ping_after` seconds is asked, for the failures that close nothing.
    """

    @event.listens_for(engine.sync_engine, "checkin")
    def remember(_connection: "DBAPIConnection | None", record: "ConnectionPoolEntry") -> None:
        record.info["idle_since"] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def check(connection: "DBAPIConnection", record: "ConnectionPoolEntry", _proxy: "PoolProxiedConnection") -> None:
        driver = record.driver_connection
        idle = time.monotonic() - record.info.get("idle_since", time.monotonic())
        if driver is None or driver.is_closed() or (idle > ping_after and not _is_alive(connection)):
            raise InvalidatePoolError


def _is_alive(connection: "DBAPIConnection") -> bool:
    adapted = cast("AdaptedConnection", connection)  # what the asyncio dialects hand out
    try:
        adapted.run_async(lambda driver: driver.fetchval("SELECT 1", timeout=PING_TIMEOUT))
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        return False
    return True


def _as_unavailable(context: ExceptionContext) -> Exception | None:
    """Turn what only time can fix into `Unavailable`; a connection that did not answer in time is not used again."""
    error = context.original_exception
    if not isinstance(error, Exception):  # cancelled: the canceller waits for exactly that
        return None
    if isinstance(error, TimeoutError):
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False
        return unavailable(error)
    return unavailable(error) if context.is_disconnect or is_transient(error) else None
