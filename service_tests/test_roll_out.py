"""The old release goes on while the new one migrates, starts and takes over: no request fails, and nobody is out of rotation before it is asked to stop."""

import asyncio
import itertools
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx2
import pytest
from service_devkit.fixtures.server import LiveServer, StartServer

from tests.mechanism.support import READY, connection_to, eventually, under_load

pytestmark = pytest.mark.live

# What the migration of a newer release does: it adds what this one can ignore, and leaves a revision that this one does not know.
EXPAND = """
    ALTER TABLE users ADD COLUMN nickname text;
    CREATE INDEX ix_users_nickname ON users (nickname);
    UPDATE alembic_version SET version_num = 'newer';
"""
CHECKED_EVERY = 0.1
DRAIN = 3  # seconds: many checks, also on a busy machine


class Rotation(httpx2.AsyncBaseTransport):
    """The way to a server that is ready, each in turn, by what its readiness said last, as the endpoints of a Service are."""

    def __init__(self) -> None:
        self.checks: dict[LiveServer, list[int]] = defaultdict(list)
        self.requests: Counter[LiveServer] = Counter()
        self._turns = itertools.count()
        self._transport = httpx2.AsyncHTTPTransport(limits=httpx2.Limits(max_connections=None))

    def ready(self) -> list[LiveServer]:
        """Those that take requests."""
        return [server for server, statuses in self.checks.items() if statuses[-1:] == [200]]

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Ask the one whose turn it is."""
        if not (ready := self.ready()):
            raise httpx2.ConnectError("no server is ready")
        server = ready[next(self._turns) % len(ready)]
        self.requests[server] += 1
        request.url = request.url.copy_with(port=server.port)
        return await self._transport.handle_async_request(request)

    async def check(self, server: LiveServer) -> None:
        """Ask for its readiness, again and again; nothing is no status."""
        async with httpx2.AsyncClient(base_url=server.url, timeout=30) as client:
            while True:
                try:
                    self.checks[server].append((await client.get(READY)).status_code)
                except httpx2.TransportError:
                    self.checks[server].append(0)
                await asyncio.sleep(CHECKED_EVERY)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()


@asynccontextmanager
async def in_rotation(rotation: Rotation, server: LiveServer) -> AsyncIterator[None]:
    """Inside the block the server gets requests while it is ready; it is when the block begins."""
    checking = asyncio.create_task(rotation.check(server))
    try:
        await eventually(lambda: server in rotation.ready())
        yield
    finally:
        checking.cancel()


async def goes_on(rotation: Rotation, server: LiveServer) -> None:
    """Wait until a server has got many more requests and has been checked several times more; it may not leave the rotation."""
    requests, checks = rotation.requests[server] + 50, len(rotation.checks[server]) + 5

    def has_gone_on() -> bool:
        assert set(rotation.checks[server]) == {200}, "it was out of rotation"
        return rotation.requests[server] > requests and len(rotation.checks[server]) > checks

    await eventually(has_gone_on)


async def test_no_request_fails_while_a_newer_release_is_rolled_out(
    fresh_database_url: str, start_server: StartServer, ada: Mapping[str, str]
) -> None:
    old, rotation = start_server(fresh_database_url, DRAIN_SECONDS=str(DRAIN)), Rotation()
    service = httpx2.AsyncClient(transport=rotation, base_url=old.url, headers=ada, timeout=30)

    async with service, in_rotation(rotation, old), under_load(service) as load:
        await goes_on(rotation, old)
        async with connection_to(fresh_database_url) as connection:
            await connection.execute(EXPAND)
        await goes_on(rotation, old)
        new = await asyncio.to_thread(start_server, fresh_database_url, DRAIN_SECONDS=str(DRAIN))
        async with in_rotation(rotation, new):
            await goes_on(rotation, new)
            await goes_on(rotation, old)
            checks_of_old = [*rotation.checks[old]]
            old.ask_to_stop()
            status_of_old = await asyncio.to_thread(old.process.wait, 30)
            await goes_on(rotation, new)

    answered = f"{rotation.requests[old]} requests to the old one, {rotation.requests[new]} to the new one"
    assert (load.statuses, load.unanswered) == ({200}, []), answered
    assert set(checks_of_old) == {200}
    assert status_of_old == 0
