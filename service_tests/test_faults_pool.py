"""Connections: frozen one by one, used up, left behind by clients that hang up, and none of them lost."""

import asyncio
import time
from collections.abc import Mapping

import pytest
from service_devkit.fixtures.server import StartServer

from tests.mechanism.conftest import Fragile
from tests.mechanism.support import (
    READY,
    assert_unavailable,
    can_write,
    client_of,
    connection_to,
    eventually,
    get,
    is_ready,
    log_lines,
    rename,
    rows_locked,
    sessions_of,
    waits_for_lock,
)

pytestmark = pytest.mark.live


async def test_connections_that_died_in_silence_are_replaced_before_use(
    fragile: Fragile, start_server: StartServer, ada: Mapping[str, str]
) -> None:
    server = start_server(fragile.url, DB_PING_AFTER="0.2")

    async with client_of(server, ada) as client:
        await asyncio.gather(*[get(client) for _ in range(6)])
        await asyncio.sleep(0.3)
        fragile.freeze_sessions()
        first = await asyncio.gather(*[get(client) for _ in range(6)])
        second = await asyncio.gather(*[rename(client, "Ada") for _ in range(6)])

    assert {item.answer.status_code for item in (*first, *second)} == {200}
    assert max(item.seconds for item in first) < 2


async def test_write_that_freezes_in_its_transaction_is_given_up(
    fragile: Fragile, start_server: StartServer, ada: Mapping[str, str]
) -> None:
    server = start_server(fragile.url, DB_STATEMENT_TIMEOUT="0.5")

    async with client_of(server, ada) as client:
        assert await can_write(client)
        async with rows_locked(fragile.url):
            writing = asyncio.create_task(rename(client, "Never"))
            await eventually(lambda: waits_for_lock(fragile.url))
            fragile.freeze()
            written = await writing
            fragile.thaw()
        await eventually(lambda: can_write(client))

    assert_unavailable(written.answer)
    assert written.seconds < 1
    await eventually(lambda: _no_session(fragile.url, "%transaction%"))
    assert {line["event"] for line in log_lines(server)} == {"listening", "request"}


async def test_readiness_that_freezes_half_way_is_bounded(fragile: Fragile, start_server: StartServer) -> None:
    server = start_server(fragile.url)

    async with client_of(server) as client, connection_to(fragile.url) as connection:
        async with connection.transaction():
            await connection.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
            asking = asyncio.create_task(get(client, READY))
            await eventually(lambda: waits_for_lock(fragile.url))
            fragile.freeze()
            ready = await asking
            fragile.thaw()
        await eventually(lambda: is_ready(client))

    assert_unavailable(ready.answer)
    assert ready.seconds < 2


async def test_service_stops_in_time_while_postgres_is_frozen(
    fragile: Fragile, start_server: StartServer, ada: Mapping[str, str]
) -> None:
    server = start_server(fragile.url, DB_POOL_SIZE="30")
    async with client_of(server, ada) as client:
        await asyncio.gather(*[get(client) for _ in range(30)])

    fragile.freeze()
    started = time.monotonic()
    status = await asyncio.to_thread(server.stop)
    seconds = time.monotonic() - started

    assert status == 0
    assert seconds < 4


async def test_request_that_finds_no_free_connection_is_answered_503_in_time(
    fragile: Fragile, start_server: StartServer, ada: Mapping[str, str]
) -> None:
    server = start_server(fragile.url, DB_POOL_SIZE="1", DB_POOL_OVERFLOW="0", DB_POOL_TIMEOUT="0.5")

    async with client_of(server, ada) as client:
        assert await can_write(client)
        async with rows_locked(fragile.url):
            writing = asyncio.create_task(rename(client, "Patient"))
            await eventually(lambda: waits_for_lock(fragile.url))
            others = await asyncio.gather(*[get(client) for _ in range(5)])
            ready = await get(client, READY)
        written = await writing

    for other in others:
        assert_unavailable(other.answer)
        assert 0.5 <= other.seconds < 0.9
    assert ready.answer.status_code == 200
    assert written.answer.json()["display_name"] == "Patient"


async def test_connections_of_clients_that_hang_up_are_given_back(
    fragile: Fragile, start_server: StartServer, ada: Mapping[str, str]
) -> None:
    server = start_server(fragile.url, DB_POOL_SIZE="10", DB_POOL_OVERFLOW="5", DB_POOL_TIMEOUT="1")
    async with client_of(server, ada) as client:
        await asyncio.gather(*[rename(client, "Ada") for _ in range(20)])

        async with rows_locked(fragile.url), client_of(server, ada) as rude:
            slow = [asyncio.create_task(rename(rude, "Gone")) for _ in range(50)]
            await eventually(lambda: waits_for_lock(fragile.url, sessions=15))
            for request in slow:
                request.cancel()
            await asyncio.gather(*slow, return_exceptions=True)

        after = await get(client)
        await eventually(lambda: _at_most_idle(fragile.url, 10))
        assert after.answer.status_code == 200
        assert await can_write(client)


async def _no_session(url: str, state: str) -> bool:
    return await sessions_of(url, state=state) == 0


async def _at_most_idle(url: str, most: int) -> bool:
    return await sessions_of(url) == await sessions_of(url, state="idle") <= most
