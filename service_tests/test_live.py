"""Live updates between processes, to clients that do not read, through faults of the listener, and at the end of a process."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import Final

import httpx2
import psutil
import pytest
from service_devkit.fixtures.server import LiveServer, StartServer
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from app.db.notify import CHANNEL
from tests.mechanism.conftest import Fragile
from tests.mechanism.support import (
    COMMITS_WAIT,
    PATIENCE,
    client_of,
    commits_held,
    connection_to,
    eventually,
    get,
    is_ready,
    log_lines,
    rename,
    sessions_of,
    waits_for_lock,
)

pytestmark = pytest.mark.live

LISTENERS: Final = "FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '% live'"
# Many notifications at once, of 7,000 letters each, so that what the system itself keeps for a client is soon full.
BURST: Final = """
    SELECT pg_notify($1, json_build_object('type', repeat('x', 7000) || n, 'id', owner, 'owner_id', owner)::text)
    FROM generate_series(1, 50) n, (SELECT id AS owner FROM users) everybody
"""

# One that overtakes those of transactions that are not committed.
MARK: Final = "SELECT pg_notify($1, json_build_object('type', 'mark', 'id', id, 'owner_id', id)::text) FROM users"


def live(server: LiveServer, headers: Mapping[str, str], max_queue: int = 16) -> connect:
    """A live connection, as a program opens it; one that reads no more does not wait long for an answer to its own close."""
    url = f"ws://127.0.0.1:{server.port}/api/v1/live"
    return connect(url, additional_headers=headers, max_queue=max_queue, close_timeout=0.1)


async def type_of(socket: ClientConnection) -> str:
    """The type of the next message."""
    async with asyncio.timeout(PATIENCE):
        message: dict[str, str] = json.loads(await socket.recv())
    return message["type"]


async def code_of(socket: ClientConnection, *, within: float = PATIENCE) -> int | None:
    """The code by which the server ends a connection; None where it hangs up without a word."""
    with pytest.raises(ConnectionClosed) as closed:
        async with asyncio.timeout(within):
            while True:
                await socket.recv()
    return closed.value.rcvd.code if closed.value.rcvd else None


async def is_open_again(server: LiveServer, headers: Mapping[str, str]) -> bool:
    """Whether a new connection is taken."""
    try:
        async with live(server, headers):
            return True
    except InvalidStatus as refused:
        if refused.response.status_code not in {429, 503}:
            raise
        return False


def ended(server: LiveServer, code: int) -> int:
    """How many connections the server has ended with this code, by its log."""
    return sum(line["event"] == "live connection ended" and line["code"] == code for line in log_lines(server))


@pytest.mark.parametrize("redis", [False, True] if find_spec("app.redis") else [False])
async def test_event_reaches_the_connections_of_every_process_after_the_commit_alone(
    fresh_database_url: str,
    start_server: StartServer,
    ada: Mapping[str, str],
    request: pytest.FixtureRequest,
    redis: bool,
) -> None:
    settings = {"REDIS_URL": request.getfixturevalue("redis_server").url, "REDIS_TIMEOUT": "5"} if redis else {}
    starts = (asyncio.to_thread(start_server, fresh_database_url, **settings) for _ in range(2))
    one, other = await asyncio.gather(*starts)

    async with (
        live(one, ada) as here,
        live(other, ada) as there,
        client_of(one, ada) as client,
        connection_to(fresh_database_url) as database,
    ):
        await database.execute(COMMITS_WAIT)
        async with commits_held(database):
            renaming = asyncio.create_task(rename(client, "Countess"))
            await eventually(lambda: waits_for_lock(fresh_database_url))
            await database.execute(MARK, CHANNEL)
            assert [await type_of(here), await type_of(there)] == ["mark"] * 2
        assert (await renaming).answer.status_code == 200
        assert [await type_of(here), await type_of(there)] == ["user.updated"] * 2

        await database.execute(
            "CREATE OR REPLACE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$"
        )
        assert (await rename(client, "Duchess")).answer.status_code == 500
        await database.execute(MARK, CHANNEL)
        assert [await type_of(here), await type_of(there)] == ["mark"] * 2


async def test_fifty_connections_hold_no_connection_of_the_pool(
    fresh_database_url: str, start_server: StartServer, ada: Mapping[str, str]
) -> None:
    server = start_server(fresh_database_url, DB_POOL_SIZE="1", DB_POOL_OVERFLOW="0", LIVE_CONNECTIONS_PER_CALLER="50")

    async with client_of(server, ada) as client:
        sockets = [await live(server, ada) for _ in range(50)]
        renamed = (await rename(client, "Countess")).answer
        heard = {await type_of(socket) for socket in sockets}
        connections = await sessions_of(fresh_database_url)
        for socket in sockets:
            await socket.close()

    assert (renamed.status_code, heard) == (200, {"user.updated"})
    assert connections == 2  # the pool's one, and the listener's


async def test_message_of_more_than_64_kib_is_refused(
    fresh_database_url: str, start_server: StartServer, ada: Mapping[str, str]
) -> None:
    server = start_server(fresh_database_url)

    async with live(server, ada) as socket:
        await socket.send("x" * 65_536)
        await socket.send("x" * 65_537)

        assert await code_of(socket) == 1009


async def test_reader_that_does_not_read_is_closed_and_others_hear_everything(
    fresh_database_url: str, start_server: StartServer, ada: Mapping[str, str]
) -> None:
    server = start_server(fresh_database_url, LIVE_QUEUE="100", LIVE_SEND_SECONDS="300")

    async with (
        live(server, ada, max_queue=1) as slow,
        live(server, ada, max_queue=1) as silent,
        live(server, ada) as quick,
        connection_to(fresh_database_url) as database,
    ):
        while ended(server, 1013) < 2:  # the slow one and the silent one, each in its own time
            await database.execute(BURST, CHANNEL)
            assert {(await type_of(quick))[:2] for _ in range(50)} == {"xx"}
        assert await code_of(slow) == 1013
        await eventually(lambda: silent.local_address[1] not in ports_of(server))
        await database.execute(BURST, CHANNEL)
        assert (await type_of(quick))[:2] == "xx"


def ports_of(server: LiveServer) -> set[int]:
    """The clients' ports of the connections that the server holds."""
    connections = psutil.Process(server.process.pid).net_connections()
    return {each.raddr.port for each in connections if each.status == psutil.CONN_ESTABLISHED}


@asynccontextmanager
async def mute(server: LiveServer, headers: Mapping[str, str]) -> AsyncIterator[asyncio.StreamReader]:
    """A live connection of a client that answers nothing, no ping either; it reads what the test reads."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    upgrade = {
        "Host": "a",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "visiblyfakevisiblyfake==",
    }
    lines = [f"{name}: {value}" for name, value in (upgrade | dict(headers)).items()]
    writer.write("\r\n".join(["GET /api/v1/live HTTP/1.1", *lines, "", ""]).encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
    try:
        yield reader
    finally:
        writer.transport.abort()


async def test_client_that_answers_no_ping_is_closed_and_its_place_is_free(
    fresh_database_url: str, start_server: StartServer, sign_in: Callable[[str], dict[str, str]]
) -> None:
    limits = {"LIVE_CONNECTIONS_PER_CALLER": "1", "LIVE_QUEUE": "100000", "LIVE_SEND_SECONDS": "300"}
    server = start_server(fresh_database_url, module="tests.mechanism.quick_pings", **limits)
    ada, bea = sign_in("Ada"), sign_in("Bea")

    async with mute(server, ada), connection_to(fresh_database_url) as database:  # it does not even read
        assert not await is_open_again(server, ada)
        for _ in range(25):
            await database.execute(BURST, CHANNEL)
        await eventually(lambda: is_open_again(server, ada))
    async with live(server, bea) as answering, client_of(server, bea) as client, mute(server, ada) as reader:
        async with asyncio.timeout(PATIENCE):
            sent = await reader.read()
        await eventually(lambda: is_open_again(server, ada))
        await rename(client, "Countess")
        assert await type_of(answering) == "user.updated"
    assert (sent[:2], sent[6:10]) == (b"\x89\x04", b"\x88\x18" + (1011).to_bytes(2))  # RFC 6455 5.5: a ping, the close


async def test_listener_that_is_closed_ends_connections_and_comes_back(
    fresh_database_url: str, start_server: StartServer, ada: Mapping[str, str]
) -> None:
    server = start_server(fresh_database_url)

    async with live(server, ada) as socket, connection_to(fresh_database_url) as database:
        await database.fetchval(f"SELECT pg_terminate_backend(pid) {LISTENERS}")
        code = await code_of(socket, within=2)
    await eventually(lambda: is_open_again(server, ada))

    async with live(server, ada) as socket, client_of(server, ada) as client:
        await rename(client, "Countess")
        assert (code, await type_of(socket)) == (1012, "user.updated")


async def test_listener_that_the_network_has_forgotten_is_found_within_ten_seconds(
    fragile: Fragile, start_server: StartServer, ada: Mapping[str, str]
) -> None:
    server = start_server(fragile.url)

    async with live(server, ada) as socket:
        fragile.freeze_sessions()
        assert await code_of(socket, within=10) == 1012
    await eventually(lambda: is_open_again(server, ada))


async def test_end_of_the_process_is_1012_after_readiness(
    fresh_database_url: str, start_server: StartServer, ada: Mapping[str, str]
) -> None:
    server = start_server(fresh_database_url, DRAIN_SECONDS="2")

    async with client_of(server, ada) as client, live(server, ada) as socket:
        server.ask_to_stop()
        await eventually(lambda: _is_not_ready(client))
        await rename(client, "Countess")
        heard, again = await type_of(socket), await is_open_again(server, ada)
        code = await code_of(socket)
        status = await asyncio.to_thread(server.process.wait, 30)

    assert (heard, again, code, status) == ("user.updated", False, 1012, 0)


@asynccontextmanager
async def stream(server: LiveServer, headers: Mapping[str, str]) -> AsyncIterator[httpx2.Response]:
    """The server-sent events, which may be silent for as long as they like."""
    async with client_of(server, headers) as client, client.stream("GET", "/api/v1/live", timeout=PATIENCE) as answer:
        yield answer


async def test_end_of_the_process_ends_streams_at_once(
    fresh_database_url: str, start_server: StartServer, ada: Mapping[str, str]
) -> None:
    server = start_server(fresh_database_url, DRAIN_SECONDS="0")

    async with stream(server, ada) as answer:
        lines = answer.aiter_lines()
        assert await anext(lines) == ": ping"
        server.ask_to_stop()
        rest = [line async for line in lines if line]
        status = await asyncio.to_thread(server.process.wait, 30)

    assert (rest, status) == (["event: end", "data: 1012"], 0)


async def test_stream_that_is_not_read_is_closed_and_others_hear_everything(
    fresh_database_url: str, start_server: StartServer, ada: Mapping[str, str]
) -> None:
    limits = {"LIVE_QUEUE": "100", "LIVE_SEND_SECONDS": "0.5", "REQUEST_SECONDS": "1"}
    server = start_server(fresh_database_url, **limits)

    async with stream(server, ada) as silent, live(server, ada) as quick, connection_to(fresh_database_url) as database:
        port = silent.extensions["network_stream"].get_extra_info("client_addr")[1]
        while not ended(server, 1013):
            await database.execute(BURST, CHANNEL)
            assert {(await type_of(quick))[:2] for _ in range(50)} == {"xx"}
        await eventually(lambda: port not in ports_of(server))
        await database.execute(BURST, CHANNEL)
        assert (await type_of(quick))[:2] == "xx"


async def _is_not_ready(client: httpx2.AsyncClient) -> bool:
    return not await is_ready(client)


async def test_transaction_pooler_without_a_way_past_it_is_503_and_the_log_says_what_to_set(
    fresh_database_url: str, start_server: StartServer, ada: Mapping[str, str]
) -> None:
    server = start_server(fresh_database_url, DB_POOLER="transaction")

    async with client_of(server, ada) as client:
        assert (await get(client)).answer.status_code == 200
        assert not await is_open_again(server, ada)

    said = [line["cause"] for line in log_lines(server) if line["event"] == "no live updates"]
    assert "set DIRECT_URL" in str(said[0])
