"""Processes that share a Redis, and what callers notice of each way in which it fails: nothing."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx2
from service_devkit.fixtures.server import LiveServer, StartServer
from service_devkit.redis import ThrowawayRedis

from tests.mechanism.support import (
    COMMITS_WAIT,
    ME,
    READY,
    client_of,
    commits_held,
    connection_to,
    eventually,
    get,
    log_lines,
    run_command,
    waits_for_lock,
)

LIMIT = 20
COURSES = "/api/v1/courses"
READINGS = "/api/v1/readings"
STARTED = 5.0  # seconds in which a process of a busy machine does what takes it a second
PATIENT = {"REDIS_TIMEOUT": "5"}  # where a test counts, no busy machine may look like a Redis that hangs

Act = Callable[[ThrowawayRedis], None]


async def test_workers_have_one_limit(
    live_database_url: str, redis_url: str, start_server: StartServer, ada: dict[str, str]
) -> None:
    server = start_server(live_database_url, WORKERS="2", RATE_LIMIT=f"{LIMIT}/hour", REDIS_URL=redis_url, **PATIENT)

    counts = await asyncio.gather(*(_successes(server, ada) for _ in range(6)))  # a connection each, to either worker

    assert sum(counts) == LIMIT


async def _successes(server: LiveServer, headers: dict[str, str]) -> int:
    async with client_of(server, headers) as client:
        return sum([(await client.get(ME)).status_code == 200 for _ in range(LIMIT)])


async def test_role_block_and_sign_out_count_in_two_processes_at_once(
    fresh_database_url: str,
    redis_url: str,
    start_server: StartServer,
    sign_in: Callable[[str], dict[str, str]],
    tmp_path: Path,
) -> None:
    settings = {"REDIS_URL": redis_url, "CALLER_KNOWN_SECONDS": "60", **PATIENT}
    servers = await _start_two(start_server, fresh_database_url, module="tests.mechanism.redis_page", **settings)
    headers = [sign_in(name) for name in ("Ada", "Bea")]  # once: each credentials are a session
    ada, bea = ([client_of(server, each) for server in servers] for each in headers)
    async with (
        ada[0] as one,
        ada[1] as other,
        bea[0] as here,
        bea[1] as there,
        connection_to(fresh_database_url) as database,
    ):
        assert [await _may(client) for client in (one, other)] == [["read", "write"]] * 2
        person = await database.fetchrow("SELECT auth_provider, auth_subject FROM users")
        assert [await _may(client) for client in (here, there)] == [["read", "write"]] * 2

        await database.execute(f"{COMMITS_WAIT}; CREATE SEQUENCE arrivals")
        before = ["read", "write"]
        for role, allowed in {"viewer": ["read"], "blocked": []}.items():
            given = {"DATABASE_URL": fresh_database_url, **settings}
            async with commits_held(database):
                command = asyncio.create_task(
                    asyncio.to_thread(run_command, tmp_path, given, "set-role", *person, role)
                )
                await eventually(lambda: waits_for_lock(fresh_database_url))
                assert (
                    await _may(one) == await _may(other) == before
                )  # read now, the old role would be known for a minute
            done = await command
            assert done.returncode == 0, done.stderr
            await eventually(lambda: _both_may(one, other, allowed), within=STARTED)  # noqa: B023 - awaited in this turn
            before = allowed

        await here.delete(COURSES)
        await eventually(lambda: _both_are(401, here, there), within=STARTED)


async def _both_are(status: int, one: httpx2.AsyncClient, other: httpx2.AsyncClient) -> bool:
    return (await one.get(ME)).status_code == (await other.get(ME)).status_code == status


async def _start_two(start_server: StartServer, database_url: str, **settings: str) -> list[LiveServer]:
    """Two servers, which start at the same time."""
    return await asyncio.gather(*(asyncio.to_thread(start_server, database_url, **settings) for _ in range(2)))


async def _both_may(one: httpx2.AsyncClient, other: httpx2.AsyncClient, allowed: list[str]) -> bool:
    return await _may(one) == await _may(other) == allowed


async def _may(client: httpx2.AsyncClient) -> list[str]:
    """What the process lets the person do; nothing is changed."""
    tried = {"read": client.get(ME), "write": client.patch(ME, json={"display_name": None, "unknown": True})}
    return [name for name, request in tried.items() if (await request).status_code != 403]


async def test_public_list_of_the_page_is_computed_once_for_fifty_callers_of_each_of_two_processes(
    fresh_database_url: str, redis_url: str, start_server: StartServer
) -> None:
    settings = {"REDIS_URL": redis_url, "module": "tests.mechanism.redis_page", **PATIENT}
    async with connection_to(fresh_database_url) as connection:
        await connection.execute("CREATE SEQUENCE arrivals; CREATE SEQUENCE computations; SELECT pg_advisory_lock(1)")
        servers = await _start_two(start_server, fresh_database_url, **settings)
        async with client_of(servers[0]) as one, client_of(servers[1]) as other:
            callers = [asyncio.create_task(client.get(COURSES)) for client in (one, other) for _ in range(50)]
            await eventually(lambda: _all_arrived(connection))
            await connection.execute("SELECT pg_advisory_unlock(1)")
            answers = [(answer.status_code, answer.json()) for answer in await asyncio.gather(*callers)]

            await one.post(COURSES)
            later = [(await client.get(COURSES)).json() for client in (other, one)]

    assert answers == [(200, [{"number": 1}])] * 100
    assert later == [[{"number": 2}]] * 2


async def test_answer_of_the_page_that_is_a_callers_own_is_for_nobody_else_and_never_older_than_a_write(
    fresh_database_url: str, redis_url: str, start_server: StartServer, sign_in: Callable[[str], dict[str, str]]
) -> None:
    async with connection_to(fresh_database_url) as connection:
        await connection.execute("CREATE SEQUENCE computations; CREATE TABLE readings (owner_id uuid, value integer)")
    settings = {"REDIS_URL": redis_url, "module": "tests.mechanism.redis_page", **PATIENT}
    one, other = await _start_two(start_server, fresh_database_url, **settings)
    async with client_of(one) as here, client_of(other) as there:

        async def summaries(name: str) -> list[tuple[int, int]]:
            """What each process says that somebody's readings come to, and by which computation."""
            asked = [await client.get(f"{READINGS}/summary", headers=sign_in(name)) for client in (here, there)]
            return [(answer.json()["total"], answer.json()["computed"]) for answer in asked]

        seen = [await summaries("Ada"), await summaries("Bea")]
        for client in (here, there):
            answer = await client.post(READINGS, json={"value": 5}, headers=sign_in("Ada"))
            assert answer.status_code == 201, answer.text
            seen += [await summaries("Ada"), await summaries("Bea")]

    assert seen[:2] == [[(0, 1)] * 2, [(0, 2)] * 2]
    assert seen[2:4] == [[(5, 3)] * 2, [(0, 2)] * 2]
    assert seen[4:] == [[(10, 4)] * 2, [(0, 2)] * 2]


async def _all_arrived(connection: asyncpg.Connection) -> bool:
    return bool(await connection.fetchval("SELECT last_value >= 100 FROM arrivals"))


async def test_processes_without_redis_count_cache_and_forget_callers_each_for_itself(
    fresh_database_url: str, start_server: StartServer, sign_in: Callable[[str], dict[str, str]], tmp_path: Path
) -> None:
    settings = {"module": "tests.mechanism.redis_page", "RATE_LIMIT": f"{LIMIT}/hour", "CALLER_KNOWN_SECONDS": "1"}
    async with connection_to(fresh_database_url) as connection:
        await connection.execute("CREATE SEQUENCE arrivals; CREATE SEQUENCE computations")
        servers = await _start_two(start_server, fresh_database_url, **settings)
        async with client_of(servers[0], sign_in("Ada")) as one, client_of(servers[1], sign_in("Ada")) as other:
            known = [(await client.get(ME)).status_code for client in (one, other)]
            person = await connection.fetchrow("SELECT auth_provider, auth_subject FROM users")
            counts = await asyncio.gather(*(_successes(server, sign_in("Bea")) for server in [*servers, *servers]))

            both = [(await client.get(COURSES)).json() for client in (one, other)]
            await one.post(COURSES)
            later = [(await client.get(COURSES)).json() for client in (one, other)]

            given = {"DATABASE_URL": fresh_database_url}
            done = await asyncio.to_thread(run_command, tmp_path, given, "set-role", *person, "blocked")
            assert done.returncode == 0, done.stderr
            await eventually(lambda: _both_refuse(one, other), within=STARTED)

    assert known == [200, 200]
    assert sum(counts) == 2 * LIMIT
    assert both == [[{"number": 1}], [{"number": 2}]]
    assert later == [[{"number": 3}], [{"number": 2}]]  # the other is behind for the `seconds` of the kind


async def _both_refuse(one: httpx2.AsyncClient, other: httpx2.AsyncClient) -> bool:
    await asyncio.sleep(0.5)  # each question counts against the limit
    return await _both_are(403, one, other)


def _fill(redis: ThrowawayRedis) -> None:
    redis.command("CONFIG", "SET", "maxmemory", "1")


def _empty(redis: ThrowawayRedis) -> None:
    redis.command("CONFIG", "SET", "maxmemory", "0")


def _follow(redis: ThrowawayRedis) -> None:
    """It becomes a replica, which takes no writes, as after a failover."""
    redis.command("REPLICAOF", "127.0.0.1", "1")


def _lead(redis: ThrowawayRedis) -> None:
    redis.command("REPLICAOF", "NO", "ONE")


def _change_password(redis: ThrowawayRedis) -> None:
    """Those who are connected stay so until they are thrown out."""
    redis.command("CONFIG", "SET", "requirepass", "another")
    redis.password = "another"
    redis.command("CLIENT", "KILL", "TYPE", "normal")


def _restart(redis: ThrowawayRedis) -> None:
    """It is gone for a moment, in which nobody may have asked."""
    redis.kill()
    redis.start()


def _nothing(_redis: ThrowawayRedis) -> None:
    """It stays as it is."""


FAULTS: dict[str, tuple[Act, Act]] = {
    "absent from the start": (_nothing, ThrowawayRedis.start),
    "killed": (ThrowawayRedis.kill, ThrowawayRedis.start),
    "frozen": (ThrowawayRedis.freeze, ThrowawayRedis.thaw),
    "full": (_fill, _empty),
    "a replica": (_follow, _lead),
    "restarted": (_restart, _nothing),
    "another password": (_change_password, _nothing),
}


async def test_callers_notice_no_fault_of_redis(
    live_database_url: str, start_server: StartServer, ada: dict[str, str]
) -> None:
    with ThrowawayRedis() as redis:
        redis.kill()
        server = start_server(live_database_url, REDIS_URL=redis.url)
        async with client_of(server, ada) as client, client_of(server) as probe:
            for fault, (harm, heal) in FAULTS.items():
                lines = 0
                if harm is not _nothing:
                    await eventually(lambda: _is(probe, "ok"), within=STARTED)
                    lines = len(_failures(server))

                async with _asking(client) as seen:
                    await asyncio.to_thread(harm, redis)
                    if fault != "restarted":
                        await eventually(lambda: _is(probe, "failed"), within=STARTED)
                    enough = len(seen) + 200
                    await eventually(lambda: len(seen) > enough, within=20)  # noqa: B023 - awaited in this turn
                await asyncio.to_thread(heal, redis)

                assert {status for status, _ in seen} == {200}, fault
                assert max(seconds for _, seconds in seen) < 2, fault
                failures = _failures(server)[lines:]
                assert len(failures) <= 1 if fault == "restarted" else len(failures) == 1, fault
                sys.stdout.write(f"{_row(fault, seen, failures)}\n")  # `python -m tools.show_redis` shows it


def _row(fault: str, seen: list[tuple[int, float]], failures: list[dict[str, object]]) -> str:
    """What callers noticed, as a row of a table."""
    statuses = ", ".join(str(status) for status in sorted({status for status, _ in seen}))
    times = sorted(seconds * 1000 for _, seconds in seen)
    slow = sum(milliseconds > 190 for milliseconds in times)  # just under REDIS_TIMEOUT
    reasons = ", ".join(str(line["reason"]) for line in failures) or "nothing"
    return f"| {fault} | {statuses} | {slow} of {len(times)} | {times[len(times) // 2]:.0f} ms | {times[-1]:.0f} ms | {reasons} |"


async def _is(probe: httpx2.AsyncClient, state: str) -> bool:
    """Whether the service is ready, and says so of Redis."""
    ready = await probe.get(READY)
    assert ready.status_code == 200
    return bool(ready.json()["checks"]["redis"] == state)


def _failures(server: LiveServer) -> list[dict[str, object]]:
    return [line for line in log_lines(server) if line["event"] == "redis failed"]


@asynccontextmanager
async def _asking(client: httpx2.AsyncClient) -> AsyncIterator[list[tuple[int, float]]]:
    """Inside the block eight clients keep asking: statuses and seconds."""
    seen: list[tuple[int, float]] = []

    async def ask() -> None:
        while True:
            timed = await get(client)
            seen.append((timed.answer.status_code, timed.seconds))

    tasks = [asyncio.create_task(ask()) for _ in range(8)]
    try:
        yield seen
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
