"""PostgreSQL killed, restarted, frozen, slow: bounded times, the right answers, and recovery without a restart."""

import asyncio
from collections.abc import Mapping

import pytest
from service_devkit.fixtures.server import StartServer

from tests.mechanism.conftest import Fragile
from tests.mechanism.support import (
    HEALTH,
    READY,
    assert_unavailable,
    can_write,
    client_of,
    eventually,
    get,
    is_ready,
    log_lines,
    rename,
    sessions_of,
    under_load,
)

pytestmark = pytest.mark.live

# The longest request: the wait for a connection and one statement, half a second each.
SHORT = {
    "DB_POOL_SIZE": "4",
    "DB_POOL_OVERFLOW": "0",
    "DB_POOL_TIMEOUT": "0.5",
    "DB_CONNECT_TIMEOUT": "0.5",
    "DB_STATEMENT_TIMEOUT": "0.5",
}
LONGEST = 1.0
SLACK = 0.4  # two processor cores run the clients, the server and PostgreSQL


async def test_postgres_killed_under_load_resets_no_connection_and_is_back_within_two_seconds(
    fragile: Fragile, start_server: StartServer, ada: Mapping[str, str]
) -> None:
    server = start_server(fragile.url)

    async with client_of(server, ada) as client, under_load(client) as load:
        await eventually(lambda: len(load.of_status(200)) > 50)
        fragile.kill()
        ready, health = await get(client, READY), await get(client, HEALTH)
        await eventually(lambda: len(load.of_status(503)) > 50)
        await asyncio.to_thread(fragile.start)
        recovered = await eventually(lambda: is_ready(client), within=2)
        recovered += await eventually(lambda: can_write(client), within=2)
        before = len(load.answers)
        await eventually(lambda: len(load.answers) > before + 50)

    assert load.unanswered == []
    assert load.statuses == {200, 503}
    for answer in load.of_status(503):
        assert_unavailable(answer)
    assert_unavailable(ready.answer)
    assert ready.answer.json()["checks"] == {"shutdown": "ok", "database": "failed", "migrations": "unknown"}
    assert ready.seconds < 2
    assert health.answer.status_code == 200
    assert recovered < 2
    assert {answer.status_code for answer in load.answers[before + 8 :]} == {200}
    assert {line["event"] for line in log_lines(server)} == {"listening", "request", "not ready"}


async def test_first_requests_after_a_restart_while_idle_succeed(
    fragile: Fragile, start_server: StartServer, ada: Mapping[str, str]
) -> None:
    server = start_server(fragile.url)

    async with client_of(server, ada) as client:
        for end in (fragile.kill, fragile.stop):
            for writes in (False, True):
                await asyncio.gather(*[get(client) for _ in range(4)])
                end()
                fragile.start()
                first = await (rename(client, "After the restart") if writes else get(client))
                answers = [first, *await asyncio.gather(*[rename(client, "Ada") for _ in range(4)])]

                assert [item.answer.status_code for item in answers] == [200] * 5
    assert {line["event"] for line in log_lines(server)} == {"listening", "request"}


async def test_frozen_postgres_is_answered_in_bounded_time(
    fragile: Fragile, start_server: StartServer, ada: Mapping[str, str]
) -> None:
    server = start_server(fragile.url, **SHORT)

    async with client_of(server, ada) as client:
        await asyncio.gather(*[get(client) for _ in range(4)])
        fragile.freeze()
        rounds = [
            await asyncio.gather(
                get(client, HEALTH), get(client, READY), *[get(client) for _ in range(8)], rename(client, "Frozen")
            )
            for _ in range(2)
        ]
        fragile.thaw()
        recovered = await eventually(lambda: can_write(client), within=2)
        await eventually(lambda: is_ready(client))

    for health, ready, *requests in rounds:
        assert health.answer.status_code == 200
        assert health.seconds < 0.2
        assert_unavailable(ready.answer)
        assert ready.seconds < 2
        for request in requests:
            assert_unavailable(request.answer)
            assert request.seconds < LONGEST + SLACK
    assert recovered < 2
    await eventually(lambda: _sessions_are_few(fragile.url))
    assert {line["event"] for line in log_lines(server)} <= {"listening", "request", "not ready"}


async def _sessions_are_few(url: str) -> bool:
    return await sessions_of(url) <= 4 and await sessions_of(url, state="active") == 0
