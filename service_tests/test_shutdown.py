"""SIGTERM: the load balancer is informed first, what was taken in is answered, and the process ends in time."""

import asyncio
import itertools
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx2
import pytest
from service_devkit.fixtures.server import LiveServer, StartServer

from tests.mechanism.support import (
    HEALTH,
    ME,
    READY,
    access_lines,
    assert_unavailable,
    can_write,
    client_of,
    eventually,
    get,
    is_ready,
    log_lines,
    rename,
    rows_locked,
    waits_for_lock,
)

pytestmark = pytest.mark.live


@dataclass
class Customers:
    """Clients on connections that are kept open; each request carries an id of its own."""

    answers: dict[str, httpx2.Response] = field(default_factory=dict)

    async def run(self, client: httpx2.AsyncClient, number: int) -> None:
        """Ask until nobody answers any more."""
        for count in itertools.count():
            request_id = f"customer-{number}-{count}"
            try:
                self.answers[request_id] = await client.get(ME, headers={"X-Request-ID": request_id})
            except httpx2.TransportError:
                return


@pytest.mark.parametrize("settings", [{}, {"DRAIN_SECONDS": "0.5", "WORKERS": "2"}], ids=str)
async def test_every_request_that_was_taken_in_is_answered(
    live_database_url: str, start_server: StartServer, ada: Mapping[str, str], settings: Mapping[str, str]
) -> None:
    server = start_server(live_database_url, **settings)
    customers = Customers()

    async with client_of(server, ada) as client, asyncio.TaskGroup() as group:
        for number in range(8):
            group.create_task(customers.run(client, number))
        await eventually(lambda: len(customers.answers) > 100)
        status = await asyncio.to_thread(server.stop)

    taken_in = {str(line["request_id"]) for line in access_lines(server) if line["route"] == ME}
    assert len(taken_in) > 100
    assert taken_in - customers.answers.keys() == set()
    assert {answer.status_code for answer in customers.answers.values()} == {200}
    assert status == 0


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_readiness_turns_503_first_while_requests_are_still_answered(
    live_database_url: str, start_server: StartServer, ada: Mapping[str, str], workers: str
) -> None:
    server = start_server(live_database_url, DRAIN_SECONDS="5", WORKERS=workers)

    async with client_of(server, ada) as client:
        before = (await get(client)).answer
        assert await is_ready(client)
        os.killpg(server.process.pid, signal.SIGTERM)  # as systemd does, supervisor and workers at once
        started = time.monotonic()
        await eventually(lambda: _all_drain(client), within=5)
        answers = [(await get(client)).answer, (await get(client, HEALTH)).answer]
        ready = (await get(client, READY)).answer
        status = await asyncio.to_thread(server.process.wait, 30)

    assert "connection" not in before.headers
    assert [answer.status_code for answer in answers] == [200, 200]
    assert_unavailable(ready)
    assert ready.json()["checks"] == {"shutdown": "failed", "database": "ok", "migrations": "ok"}
    assert {answer.headers["connection"] for answer in (*answers, ready)} == {"close"}
    assert status == 0
    assert time.monotonic() - started >= 5


async def test_request_that_is_open_is_finished(
    fresh_database_url: str, start_server: StartServer, ada: Mapping[str, str]
) -> None:
    server = start_server(fresh_database_url)

    async with client_of(server, ada) as client:
        assert await can_write(client)
        async with rows_locked(fresh_database_url):
            writing = asyncio.create_task(rename(client, "Finished"))
            await eventually(lambda: waits_for_lock(fresh_database_url))
            server.ask_to_stop()
            await eventually(lambda: _refuses(server))
        written = (await writing).answer

    assert written.json()["display_name"] == "Finished"
    assert written.headers["connection"] == "close"
    assert await asyncio.to_thread(server.process.wait, 30) == 0


async def test_request_that_never_ends_is_answered_503_and_does_not_keep_the_process(
    fresh_database_url: str, start_server: StartServer, ada: Mapping[str, str]
) -> None:
    server = start_server(fresh_database_url, SHUTDOWN_SECONDS="1", DB_STATEMENT_TIMEOUT="20")

    async with client_of(server, ada) as client:
        assert await can_write(client)
        async with rows_locked(fresh_database_url):
            writing = asyncio.create_task(rename(client, "Never"))
            await eventually(lambda: waits_for_lock(fresh_database_url))
            server.ask_to_stop()
            status = await asyncio.to_thread(server.process.wait, 30)
        written = (await writing).answer

    assert_unavailable(written)
    assert status == 0
    assert access_lines(server)[-1]["status"] == 503


async def test_second_sigterm_is_not_held_back(live_database_url: str, start_server: StartServer) -> None:
    server = start_server(live_database_url, DRAIN_SECONDS="30")
    async with client_of(server) as client:
        server.ask_to_stop()
        await eventually(lambda: _all_drain(client))
    await asyncio.sleep(1)  # one that follows at once counts as the same

    assert await asyncio.to_thread(server.stop, timeout=20) == 0


async def test_open_connection_without_a_request_does_not_delay_the_end(
    live_database_url: str, start_server: StartServer
) -> None:
    server = start_server(live_database_url)

    async with client_of(server) as client:
        await get(client, HEALTH)
        _, silent = await asyncio.open_connection("127.0.0.1", server.port)
        started = time.monotonic()
        status = await asyncio.to_thread(server.stop)
        silent.close()

    assert status == 0
    assert time.monotonic() - started < 15  # of the 20 seconds that a request would get
    assert [line["event"] for line in log_lines(server)][-1] == "stopped"


async def _all_drain(client: httpx2.AsyncClient) -> bool:
    """Several answers, because each may come from another worker."""
    return {(await get(client, READY)).answer.status_code for _ in range(8)} == {503}


async def _refuses(server: LiveServer) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    except ConnectionError:  # refused, or reset where the socket closes while it is being connected
        return True
    writer.close()
    return False
