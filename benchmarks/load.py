"""The load: a process of its own that keeps connections busy and measures each answer.

`python -m benchmarks.load` reads jobs from its input, one JSON object per line, and prints what came of each. It does as little as it can:
prebuilt bytes, no HTTP library, so that a single core feeds the fastest of the services.
"""

import asyncio
import itertools
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Final, TypedDict, cast

import uvloop

UNIQUE: Final = "~~~~unique~~~~~~"  # in its place stand 16 characters that no other request has
PATIENCE: Final = 20.0
_MARK: Final = UNIQUE.encode()


class Job(TypedDict):
    """Send these requests in turn, until the seconds are over. A request is the status to expect, 0 for any, and its bytes.

    Without a rate each connection sends its next request when it has an answer. With one, requests come when they come, so many a second, as those
    of many callers do (a Poisson process, the same one each time): what finds every connection busy waits, and its wait counts.
    """

    port: int
    requests: list[tuple[int, str]]
    connections: int
    seconds: float
    rate: float


@dataclass(frozen=True)
class Result:
    """What came of a job. Times are in milliseconds; `error` says what answer was not the expected one."""

    count: int
    seconds: float
    mean: float
    p50: float
    p95: float
    p99: float
    longest: float
    statuses: dict[str, int]
    error: str = ""


class Run:
    """What the connections of one job share."""

    def __init__(self, job: Job) -> None:
        self.requests = itertools.cycle([(status, text.encode()) for status, text in job["requests"]])
        self.numbers: Iterator[int] = itertools.count(time.time_ns())
        self.arrivals = _arrivals(job["rate"])
        self.times: list[float] = []
        self.statuses: Counter[str] = Counter()
        self.error = ""
        self.end = time.perf_counter() + job["seconds"]
        self.open = job["connections"]
        self.transports: list[asyncio.Transport] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def next(self) -> tuple[int, bytes]:
        """The next request; where it asks for it, with something that no other has."""
        status, request = next(self.requests)
        return status, request.replace(_MARK, b"%016x" % next(self.numbers)) if _MARK in request else request

    def fail(self, error: str) -> None:
        """Send nothing more."""
        self.error, self.end = self.error or error, 0

    def closed(self) -> None:
        """One connection is through."""
        self.open -= 1
        if self.open == 0 and not self.done.done():
            self.done.set_result(None)


class Connection(asyncio.Protocol):
    """One client: it sends its next request when it has the answer to the last."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.answer = b""
        self.waits = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one without saying so
        self.run.transports.append(self.transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        """Take a piece of the answer; with the last one, note it and go on."""
        self.answer += data
        head, found, body = self.answer.partition(b"\r\n\r\n")
        if found and len(body) >= _length(head):
            self.waits = False
            self._note(self.answer[9:12])
            self.answer = b""
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The end; too early while an answer is missing."""
        if self.waits:
            self.run.fail("the connection was closed before the answer")
        self.run.closed()

    def _send(self) -> None:
        """The next request, when it is due; the time of one that is late counts from then."""
        now, due = time.perf_counter(), next(self.run.arrivals)
        if due > now:
            asyncio.get_running_loop().call_later(due - now, self._send_now, None)
        else:
            self._send_now(due)

    def _send_now(self, due: float | None) -> None:
        self.sent = due or time.perf_counter()
        if self.sent >= self.run.end or self.transport.is_closing():
            self.transport.close()
            return
        self.expected, request = self.run.next()
        self.waits = True
        self.transport.write(request)

    def _note(self, status: bytes) -> None:
        self.run.times.append(time.perf_counter() - self.sent)
        self.run.statuses[status.decode()] += 1
        if self.expected not in {0, int(status)}:
            self.run.fail(f"expected {self.expected}, got {self.answer.decode(errors='replace')}")


def _length(head: bytes) -> int:
    """How long the body is; every answer of ours says so."""
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0


def _arrivals(rate: float) -> Iterator[float]:
    """When requests come, by the clock of this process; at once without a rate."""
    dice, due = random.Random(0), time.perf_counter()  # noqa: S311 - no secret
    while True:
        if rate:
            due += dice.expovariate(rate)
        yield due if rate else 0.0


async def work(job: Job) -> Result:
    """Do one job."""
    started = time.perf_counter()
    run = Run(job)
    loop = asyncio.get_running_loop()
    for _ in range(job["connections"]):
        await loop.create_connection(lambda: Connection(run), "127.0.0.1", job["port"])
    with suppress(TimeoutError):
        await asyncio.wait_for(run.done, job["seconds"] + PATIENCE)
    if run.open:
        run.fail(f"{run.open} connections had no answer for {PATIENCE} seconds")
    for transport in run.transports:
        transport.abort()
    await asyncio.sleep(0)  # so that they are closed before the loop is
    return _result(run, time.perf_counter() - started)


def _result(run: Run, seconds: float) -> Result:
    times = sorted(1000 * each for each in run.times) or [0.0]

    def quantile(share: float) -> float:
        return times[min(len(times) - 1, int(share * len(times)))]

    mean = sum(times) / len(times)
    return Result(
        len(run.times),
        seconds,
        mean,
        quantile(0.5),
        quantile(0.95),
        quantile(0.99),
        times[-1],
        dict(run.statuses),
        run.error,
    )


def main() -> None:
    """Do the jobs that come in, one after the other."""
    for line in sys.stdin:
        print(json.dumps(asdict(uvloop.run(work(json.loads(line))))), flush=True)


if __name__ == "__main__":
    main()
