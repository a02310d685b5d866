"""How cost grows: with connections, workers and data, and when something is exhausted, slow or large."""

import contextlib
import re
import select
import socket
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final

import asyncpg

from benchmarks.generator import Load
from benchmarks.load import Result
from benchmarks.measure import figures
from benchmarks.parts import parts
from benchmarks.report import markdown
from benchmarks.scenarios import Request, Scenario
from benchmarks.servers import Server
from benchmarks.stage import Stage

CONNECTIONS: Final = (1, 2, 4, 8, 16, 32, 64)
WORKERS: Final = (1, 2)
SLOW_CLIENTS: Final = (0, 200)
POOL_TIMEOUT: Final = 1.0
STATEMENT_TIMEOUT: Final = 2.0
PIECE: Final = 65_536
ME: Final = "/api/v1/users/me"
_TABLES: Final = "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables WHERE schemaname = 'public'"

HEADINGS: Final = {
    "cpu": "CPU us",
    "per_second": "req/s",
    "mean": "mean ms",
    "p50": "p50",
    "p95": "p95",
    "p99": "p99",
}
DIGITS: Final[dict[str, int | None]] = {"cpu": None, "per_second": None}

Cell = str | int | float
Row = dict[str, Cell]


@dataclass(frozen=True)
class Table:
    """What one experiment found."""

    title: str
    rows: Sequence[Row]

    def markdown(self) -> str:
        """For people."""
        rows = [" | ".join(map(str, row.values())) for row in self.rows]
        return f"### {self.title}\n\n{markdown(' | '.join(self.rows[0]), rows)}"


@dataclass(frozen=True)
class Experiment:
    """What all experiments share."""

    stage: Stage
    load: Load
    seconds: float

    def cost(self, server: Server, scenario: Scenario, *, connections: int = 8) -> Row:
        """What requests of a scenario cost and how they feel."""
        found = figures(self.load, server, scenario, connections=connections, seconds=self.seconds)
        return {HEADINGS[name]: round(value, DIGITS.get(name, 1)) for name, value in asdict(found).items()}


def connections_and_workers(it: Experiment, scenario: Scenario) -> Table:
    """More callers at once, on one core's worth of workers and on two's."""
    rows: list[Row] = []
    for workers in WORKERS:
        with it.stage.server("service", {"WORKERS": str(workers)}, one_core=workers == 1) as server:
            for connections in CONNECTIONS:
                found = it.cost(server, scenario, connections=connections)
                rows.append({"workers": workers, "connections": connections, **found})
    return Table(f"Connections and workers: {scenario.what}", rows)


def slow_clients(it: Experiment, scenario: Scenario) -> Table:
    """Clients that begin a request and never end it, beside others that ask as usual."""
    rows: list[Row] = []
    with it.stage.server("service") as server:
        for count in SLOW_CLIENTS:
            with _stalled(server.port, count):
                rows.append({"stalled clients": count, **it.cost(server, scenario)})
    return Table(f"Slow clients: {scenario.what}", rows)


def domains(it: Experiment) -> list[Table]:
    """What each domain has to show."""
    return [table for module in parts("benchmarks.growth_") for table in module.tables(it)]


def large_body(it: Experiment) -> Table:
    """Bodies beyond the limit are refused before they are read in full."""
    request = Request(it.stage.callers()[0], ME, "PATCH")
    rows: list[Row] = []
    with it.stage.server("service") as server:
        for size in (200_000, 50_000_000):
            before = server.memory()
            found = _refused(server, request, size)
            rows.append({**found, "memory MiB": f"{before:.0f}, then {server.memory():.0f}"})
    return Table(f"Bodies that are too large: PATCH {ME}", rows)


async def pool_exhausted(it: Experiment) -> Table:
    """Every connection of the pool waits for a lock that somebody else holds: others get 503 with Retry-After, and it passes."""
    requests = [Request(caller, ME, "PATCH", '{"locale": "fr"}') for caller in it.stage.callers()]
    anything = [replace(request, expected=0) for request in requests]
    settings = {"DB_POOL_SIZE": "2", "DB_POOL_OVERFLOW": "0"}
    settings |= {"DB_POOL_TIMEOUT": str(POOL_TIMEOUT), "DB_STATEMENT_TIMEOUT": str(STATEMENT_TIMEOUT)}
    with it.stage.server("service", settings) as server:
        before = it.load.send(server.port, requests, connections=2, seconds=it.seconds)
        async with _everything_locked(it.stage.url):
            during = it.load.send(server.port, anything, connections=32, seconds=2 * POOL_TIMEOUT)
            retry_after = _retry_after(server.port, requests[0])
        after = it.load.send(server.port, requests, connections=2, seconds=it.seconds)
    rows = [_phase("before", before), _phase("locked", during, retry_after), _phase("after", after)]
    return Table(
        f"Pool exhausted: 2 connections, {POOL_TIMEOUT} s to wait for one, {STATEMENT_TIMEOUT} s for a statement", rows
    )


def _phase(name: str, result: Result, retry_after: str = "") -> Row:
    statuses = ", ".join(f"{count} x {status}" for status, count in sorted(result.statuses.items()))
    times = {"p50": result.p50, "p99": result.p99, "longest ms": result.longest}
    rounded: Row = {heading: round(value, 1) for heading, value in times.items()}
    return {"phase": name, "answers": statuses, "retry after": retry_after, **rounded}


def _retry_after(port: int, request: Request) -> str:
    """The value of Retry-After."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request.head_and_body().encode())
        found = re.search(r"(?i)^retry-after: (.*)\r$", connection.recv(PIECE).decode(), re.MULTILINE)
    return found[1] if found else "none"


@contextlib.asynccontextmanager
async def _everything_locked(url: str) -> AsyncIterator[None]:
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {await connection.fetchval(_TABLES)} IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


@contextlib.contextmanager
def _stalled(port: int, count: int) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            client.sendall(b"POST /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Le")
        yield


def _refused(server: Server, request: Request, size: int) -> Row:
    """The answer to a body of so many bytes, and how many of them were taken before it came.

    A server that hangs up on what it has not read may cut its own answer off on the way.
    """
    head = request.head_and_body().replace("\r\n\r\n", f"\r\nContent-Length: {size}\r\n\r\n")
    began, taken, answer = time.perf_counter(), 0, "hung up"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(head.encode())
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            while taken < size and not select.select([connection], [], [], 0)[0]:
                taken += connection.send(b"x" * min(PIECE, size - taken))
            answer = connection.recv(PIECE)[9:12].decode()
    milliseconds = 1000 * (time.perf_counter() - began)
    return {"bytes": size, "answer": answer, "bytes taken": taken, "ms": round(milliseconds, 1)}
