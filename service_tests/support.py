"""What the live tests share: clients that measure, clients that never stop asking, and a look into the database."""

import asyncio
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import asyncpg
import httpx2
from service_devkit.fixtures.server import LiveServer

from tests.plugins.environment import ROOT

ME = "/api/v1/users/me"
HEALTH = "/healthz"
READY = "/readyz"
PROBLEM = "application/problem+json"
PATIENCE: Final = 120.0  # seconds that a state may take on a busy machine; a test goes on as soon as it is there


@asynccontextmanager
async def client_of(server: LiveServer, headers: Mapping[str, str] | None = None) -> AsyncIterator[httpx2.AsyncClient]:
    """A client without limits of its own, so that every wait is the server's."""
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx2.AsyncClient(base_url=server.url, headers=headers, timeout=30, limits=limits) as client:
        yield client


def run_command(folder: Path, environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the service in `folder`, where only the `.env` of the test is, with only these variables."""
    given = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment}
    command = [sys.executable, "-m", "app", *arguments]
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, timeout=PATIENCE, check=False)  # noqa: S603 - our own command


@dataclass(frozen=True)
class Timed:
    """An answer, and the seconds that it took."""

    answer: httpx2.Response
    seconds: float


async def timed(request: Awaitable[httpx2.Response]) -> Timed:
    """Measure one request."""
    started = time.monotonic()
    answer = await request
    return Timed(answer, time.monotonic() - started)


async def get(client: httpx2.AsyncClient, path: str = ME) -> Timed:
    """Read, and measure it."""
    return await timed(client.get(path))


async def rename(client: httpx2.AsyncClient, name: str) -> Timed:
    """Write, and measure it."""
    return await timed(client.patch(ME, json={"display_name": name}))


async def is_ready(client: httpx2.AsyncClient) -> bool:
    """Whether readiness says so."""
    return (await client.get(READY)).status_code == 200


async def can_write(client: httpx2.AsyncClient) -> bool:
    """Whether a write succeeds."""
    return (await rename(client, "Ada")).answer.status_code == 200


async def eventually(condition: Callable[[], bool | Awaitable[bool]], *, within: float = PATIENCE) -> float:
    """Seconds until the condition holds; fails when that takes too long."""
    started = time.monotonic()
    while not (await met if isinstance(met := condition(), Awaitable) else met):
        waited = time.monotonic() - started
        assert waited < within, f"still not so after {waited:.1f} s"
        await asyncio.sleep(0.02)
    return time.monotonic() - started


@dataclass
class Load:
    """Clients that read and write in turn until they are stopped."""

    answers: list[httpx2.Response] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def statuses(self) -> set[int]:
        """Every status that was seen."""
        return {answer.status_code for answer in self.answers}

    def of_status(self, status: int) -> list[httpx2.Response]:
        """The answers with this status."""
        return [answer for answer in self.answers if answer.status_code == status]

    async def run(self, client: httpx2.AsyncClient, names: "itertools.count[int]") -> None:
        """One client."""
        while not self.stopped.is_set():
            name = f"name {next(names)}"
            await self._note(client.get(ME))
            await self._note(client.patch(ME, json={"display_name": name}))
            await asyncio.sleep(0.005)

    async def _note(self, request: Awaitable[httpx2.Response]) -> None:
        try:
            self.answers.append(await request)
        except httpx2.TransportError as error:
            self.unanswered.append(f"{type(error).__name__}: {error}")


@asynccontextmanager
async def under_load(client: httpx2.AsyncClient, *, clients: int = 8) -> AsyncIterator[Load]:
    """Inside the block these clients keep asking; each writes names that no other write has."""
    load, names = Load(), itertools.count()
    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(load.run(client, names))
        try:
            yield load
        finally:
            load.stopped.set()


@asynccontextmanager
async def connection_to(url: str) -> AsyncIterator[asyncpg.Connection]:
    """The test's own connection, past the service."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        connection.terminate()


@asynccontextmanager
async def rows_locked(url: str) -> AsyncIterator[None]:
    """Inside the block every write to a user has to wait."""
    async with connection_to(url) as connection, connection.transaction():
        await connection.execute("SELECT * FROM users FOR UPDATE")
        yield


# From now on a transaction that changes a user waits at its COMMIT, its last moment to fail, while somebody holds this lock.
COMMITS_WAIT: Final = """
    CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock_shared(2); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER wait AFTER UPDATE ON users DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()
"""


@asynccontextmanager
async def commits_held(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """Inside the block no change of a user is committed, in a database with `COMMITS_WAIT`."""
    await connection.execute("SELECT pg_advisory_lock(2)")
    try:
        yield
    finally:
        await connection.execute("SELECT pg_advisory_unlock(2)")


async def waits_for_lock(url: str, *, sessions: int = 1) -> bool:
    """Whether this many statements in this database wait for a lock."""
    async with connection_to(url) as connection:
        count: int = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
    return count >= sessions


async def sessions_of(url: str, *, state: str = "%") -> int:
    """How many connections to this database there are, other than the one that asks."""
    statement = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend' AND coalesce(state, '') LIKE $1"
    )
    async with connection_to(url) as connection:
        count: int = await connection.fetchval(statement, state)
    return count


def log_lines(server: LiveServer) -> list[dict[str, object]]:
    """Everything that the server has printed: each line must be a JSON object."""
    return [json.loads(line) for line in server.lines()]


def access_lines(server: LiveServer) -> list[dict[str, object]]:
    """The lines of requests. A line follows its answer: stop the server first, or use `lines_about`."""
    return [line for line in log_lines(server) if line["event"] == "request"]


def lines_about(server: LiveServer, request_id: str | None) -> list[dict[str, object]]:
    """The lines of one request that has been answered, up to its access line, which comes last."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        lines = [line for line in log_lines(server) if line.get("request_id") == request_id]
        if lines and lines[-1]["event"] == "request":
            return lines
        time.sleep(0.01)
    raise AssertionError(f"no line about {request_id}:\n" + "\n".join(server.lines()[-20:]))


def assert_unavailable(answer: httpx2.Response) -> None:
    """503 as documented: a problem, and when to come back."""
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == PROBLEM
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
