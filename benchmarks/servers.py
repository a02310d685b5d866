"""Started servers: how long their start takes, and what CPU time and memory they use."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Final, Literal

import click
import psutil
from service_devkit.postgres.server import free_port, tail

Side = Literal["service", "bare", "limit"]
SIDES: Final[tuple[Side, ...]] = ("service", "bare", "limit")
START_SECONDS: Final = 30
_POLL: Final = 0.002


@dataclass(frozen=True)
class Server:
    """A server that answers, and the seconds from its start to its first answer."""

    side: Side
    port: int
    process: psutil.Process
    started_in: float

    def cpu(self) -> float:
        """Seconds of CPU that the processes have used so far, the kernel's share included."""
        return sum(map(_cpu_of, self._family()))

    def memory(self) -> float:
        """MiB of memory: shared pages are counted in parts (PSS) where the system reports them, else private ones (USS)."""
        usages = [each.memory_full_info() for each in self._family()]
        return float(sum(getattr(usage, "pss", usage.uss) for usage in usages)) / 2**20

    def _family(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


def _cpu_of(process: psutil.Process) -> float:
    """To the nanosecond where the kernel has a clock for each process (clock_getcpuclockid(3)); its statistics count hundredths."""
    if sys.platform == "linux":
        return time.clock_gettime(~process.pid << 3 | 2)
    times = process.cpu_times()
    return float(times.user + times.system)


@contextlib.contextmanager
def running(side: Side, environment: Mapping[str, str], folder: Path, *, one_core: bool = True) -> Iterator[Server]:
    """A server, on a core of its own where there are two; its output goes to a file, as it would in production."""
    port = free_port()
    output = folder / f"{side}-{port}"
    with output.open("wb") as log, pinned(0) if one_core else contextlib.nullcontext():
        started = time.perf_counter()
        process = subprocess.Popen(_command(side, port), cwd=folder, env=environment, stdout=log, stderr=log)  # noqa: S603 - our own
    try:
        _wait_until_it_answers(process, port, output)
        yield Server(side, port, psutil.Process(process.pid), time.perf_counter() - started)
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def _command(side: Side, port: int) -> list[str]:
    arguments = ["app", "serve"] if side == "service" else ["benchmarks.references", side]
    return [sys.executable, "-m", *arguments, "--port", str(port)]


@contextlib.contextmanager
def pinned(core: int) -> Iterator[None]:
    """What is started inside of the block runs on one core: the first is for servers, the second for the load."""
    if sys.platform != "linux" or len(before := os.sched_getaffinity(0)) == 1:
        yield
        return
    os.sched_setaffinity(0, {sorted(before)[core]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _wait_until_it_answers(process: "subprocess.Popen[bytes]", port: int, output: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if answers(port):
            return
        time.sleep(_POLL)
    raise click.ClickException(f"the server did not start:\n{tail(output)}")


def answers(port: int, path: str = "/healthz") -> bool:
    """Whether anything answers there."""
    with contextlib.suppress(OSError), contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=1)) as connection:
        connection.request("GET", path)
        connection.getresponse().read()
        return True
    return False
