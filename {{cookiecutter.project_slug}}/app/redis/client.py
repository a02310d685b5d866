"""One pool of connections to Redis, and the circuit breaker that keeps a failed Redis from costing every request its timeout."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import Connection, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import DataError, RedisError

from app.core.logging import get_logger
from app.core.redis_url import RedisAddress

log = get_logger(__name__)
Answer = TypeVar("Answer")

MAX_CONNECTIONS: Final = 50
PROBE_SECONDS: Final = 1.0
LOG_SECONDS: Final = 60.0
_FAILURES: Final = (RedisError, OSError, TimeoutError)


class RedisUnavailable(Exception):
    """Redis does not answer, or refuses; do the work without it."""


class RedisClient:
    """Asks Redis, for at most `timeout` seconds. After a failure the circuit is open: every question fails at once, and a task of its own
    tries each second whether Redis is back. So a Redis that hangs costs a request the timeout, once, and only those that were under way.

    `prefix` begins every key and every channel: services, and the databases of one server, do not meet.
    """

    def __init__(self, address: RedisAddress, *, prefix: str, timeout: float) -> None:
        self.prefix = f"{prefix}:{address.database}"
        self._timeout = timeout
        self.pool = _pool(address, timeout)
        self.redis: Redis = Redis(connection_pool=self.pool)
        self._recovery: asyncio.Task[None] | None = None

    @property
    def is_down(self) -> bool:
        """Whether the circuit is open."""
        return self._recovery is not None and not self._recovery.done()

    def key(self, *parts: str) -> str:
        """A key, or a channel, of this service."""
        return ":".join((self.prefix, *parts))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Open for the time of the block. A Redis that is away does not keep the service from starting."""
        await self.answers()
        try:
            yield
        finally:
            if self._recovery:
                self._recovery.cancel()
                await asyncio.gather(self._recovery, return_exceptions=True)
            await self.redis.aclose()
            await self.pool.aclose()

    async def ask(self, question: Callable[[Redis], Awaitable[Answer]]) -> Answer:
        """`await client.ask(lambda redis: redis.get(key))`.

        Raises:
            RedisUnavailable: no answer in time, a refusal, or the circuit is open.
        """
        if self.is_down:
            raise RedisUnavailable
        try:
            return await self._ask(question)
        except DataError:  # nothing was sent: a mistake of ours
            raise
        except _FAILURES as error:
            self._open_circuit(error)
            raise RedisUnavailable from error

    async def answers(self) -> bool:
        """Whether Redis takes a write: one that is full, or a replica, still answers a PING."""
        try:
            await self.ask(self._probe)
        except RedisUnavailable:
            return False
        return True

    async def _ask(self, question: Callable[[Redis], Awaitable[Answer]]) -> Answer:
        async with asyncio.timeout(self._timeout):
            return await question(self.redis)

    async def _probe(self, redis: Redis) -> object:
        return await redis.set(self.key("probe"), b"1", px=1000)

    def _open_circuit(self, error: Exception) -> None:
        if not self.is_down:
            log.warning("redis failed", reason=_reason(error))
            self._recovery = asyncio.create_task(self._recover())

    async def _recover(self) -> None:
        failed_at = logged_at = time.monotonic()
        while True:
            await asyncio.sleep(PROBE_SECONDS)
            try:
                await self._ask(self._probe)
            except _FAILURES as error:
                if time.monotonic() - logged_at >= LOG_SECONDS:
                    logged_at = time.monotonic()
                    log.warning("redis failed", reason=_reason(error), seconds=round(logged_at - failed_at))
            else:
                log.info("redis is back", seconds=round(time.monotonic() - failed_at, 1))
                return


def _pool(address: RedisAddress, timeout: float) -> BlockingConnectionPool:
    kind = UnixDomainSocketConnection if address.socket else SSLConnection if address.tls else Connection
    return BlockingConnectionPool(
        max_connections=MAX_CONNECTIONS,
        timeout=timeout,
        connection_class=kind,
        db=address.database,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
        protocol=2,  # what every server speaks, and one round trip less for a new connection
        driver_info=None,  # as above
        **address.options,  # type: ignore[arg-type] # of the connections; none has the name of one of the pool's own
    )


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")
