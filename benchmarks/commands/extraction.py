"""`benchmarks extraction`: how long a report of many pages takes in each format, and what it leaves in the memory of the server."""

import contextlib
import importlib.util
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from types import ModuleType
from typing import Final

import click
import psutil

from benchmarks.data import Size
from benchmarks.servers import Server
from benchmarks.session import stopwatch
from benchmarks.stage import stage, to_stderr

EXTRACT: Final = "/api/v1/study-plans/extract"
REPORTS: Final = Path("tests/extraction/reports.py")  # of the service: what its own tests read
QUIET: Final = {"RATE_LIMIT": "100000000/minute", "LOG_LEVEL": "WARNING"}
WARM: Final = 2


@dataclass(frozen=True)
class Row:
    """A format, its KiB, the seconds of each request, and the MiB of the server before and after all of them."""

    name: str
    size: float
    seconds: list[float]
    before: float
    after: float

    def text(self) -> str:
        """A line of the table."""
        p95 = statistics.quantiles(self.seconds, n=20)[-1]
        figures = (self.size, statistics.median(self.seconds), p95, max(self.seconds), self.before, self.after)
        return "| {} | {:.0f} | {:.2f} | {:.2f} | {:.2f} | {:.1f} | {:.1f} |".format(self.name, *figures)


@click.command()
@click.option("--pages", default=200, show_default=True, help="Pages of each report.")
@click.option("--requests", default=40, show_default=True, help="Requests with each format, one after another.")
def extraction(pages: int, requests: int) -> None:
    """Send a report in each format; seconds of a request, and the memory of the server itself. A service with the example."""
    if not REPORTS.is_file():
        raise click.ClickException("this service reads no reports: bake one with example=true")
    say, made = stopwatch(to_stderr), _made(pages)
    with (
        stage(Size(users=1, rows=1), people=1, say=say) as stood,
        stood.server("service", QUIET, one_core=False) as server,
    ):
        caller = stood.callers()[0]
        rows = []
        for name, (media_type, report) in made.items():
            say(f"{requests} times {pages} pages as {name}")
            headers = {"Content-Type": media_type, "Authorization": caller.authorization}
            rows.append(_measure(server, name, headers, report, requests))
    click.echo("| | KiB | p50, s | p95, s | longest, s | server before, MiB | after, MiB |")
    click.echo("| --- " * 7 + "|")
    for row in rows:
        click.echo(row.text())


def _made(pages: int) -> dict[str, tuple[str, bytes]]:
    module = _module()
    formats: dict[str, tuple[str, Callable[[int], bytes]]] = {
        "PDF": (module.PDF_TYPE, module.as_pdf),
        "DOCX": (module.DOCX_TYPE, module.as_docx),
        "CSV": ("text/csv", module.as_csv),
        "text": ("text/plain", module.as_text),
    }
    return {name: (media_type, make(pages)) for name, (media_type, make) in formats.items()}


def _module() -> ModuleType:
    """By its file: `tests` is a package of the template too."""
    spec = importlib.util.spec_from_file_location("reports", REPORTS)
    if spec is None or spec.loader is None:
        raise click.ClickException(f"{REPORTS} is no module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _measure(server: Server, name: str, headers: dict[str, str], report: bytes, requests: int) -> Row:
    with _connected(server) as connection:
        for _ in range(WARM):
            _ask(connection, headers, report)
        before = _memory(server.process)
        seconds = [_ask(connection, headers, report) for _ in range(requests)]
    return Row(name, len(report) / 1024, seconds, before, _memory(server.process))


def _memory(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 2**20


@contextlib.contextmanager
def _connected(server: Server) -> Iterator[HTTPConnection]:
    with contextlib.closing(HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        yield connection


def _ask(connection: HTTPConnection, headers: dict[str, str], report: bytes) -> float:
    began = time.perf_counter()
    connection.request("POST", EXTRACT, report, headers)
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:  # noqa: PLR2004 - what each of them answers
        raise click.ClickException(f"{response.status} {body.decode()}")
    return time.perf_counter() - began
