"""Processes that share a Redis, and what callers notice of each way in which it fails: nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx2
from service_devkit.fixtures.server import LiveServer, StartServer
from service_devkit.redis import ThrowawayRedis

from tests.mechanism.support import ME, READY, client_of, eventually, get, log_lines

LIMIT = 20
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


def _fill(redis: ThrowawayRedis) -> None:
    redis.command("CONFIG", "SET", "maxmemory", "1")


def _empty(redis: ThrowawayRedis) -> None:
    redis.command("CONFIG", "SET", "maxmemory", "0")


def _change_password(redis: ThrowawayRedis) -> None:
    """Those who are connected stay so until they are thrown out."""
    redis.command("CONFIG", "SET", "requirepass", "another")
    redis.password = "another"
    redis.command("CLIENT", "KILL", "TYPE", "normal")


def _nothing(_redis: ThrowawayRedis) -> None:
    """It stays as it is."""


FAULTS: dict[str, tuple[Act, Act]] = {
    "killed": (ThrowawayRedis.kill, ThrowawayRedis.start),
    "frozen": (ThrowawayRedis.freeze, ThrowawayRedis.thaw),
    "full": (_fill, _empty),
    "another password": (_change_password, _nothing),
}


async def test_callers_notice_no_fault_of_redis(
    live_database_url: str, start_server: StartServer, ada: dict[str, str]
) -> None:
    with ThrowawayRedis() as redis:
        server = start_server(live_database_url, REDIS_URL=redis.url)
        async with client_of(server, ada) as client, client_of(server) as probe:
            for fault, (harm, heal) in FAULTS.items():
                await eventually(lambda: _is(probe, "ok"), within=STARTED)
                lines = len(_failures(server))

                async with _asking(client) as seen:
                    await asyncio.to_thread(harm, redis)
                    await eventually(lambda: _is(probe, "failed"), within=STARTED)
                    enough = len(seen) + 200
                    await eventually(lambda: len(seen) > enough, within=20)  # noqa: B023 - awaited in this turn
                await asyncio.to_thread(heal, redis)

                assert {status for status, _ in seen} == {200}, fault
                assert max(seconds for _, seconds in seen) < 2, fault
                assert len(_failures(server)) - lines == 1, fault  # of a busy machine: one failure at a time


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
