"""`benchmarks telemetry`: what traces and metrics cost a request, and what a collector that fails adds to that."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Final

import click
from service_devkit.postgres.server import free_port

from benchmarks.data import Size
from benchmarks.generator import Load
from benchmarks.measure import Figures, figures
from benchmarks.servers import Server
from benchmarks.session import stopwatch
from benchmarks.stage import Say, Stage, stage, to_stderr

PEOPLE: Final = 50
QUIET: Final = {"RATE_LIMIT": "100000000/minute", "LOG_LEVEL": "WARNING"}
END_SECONDS: Final = 60
FIGURES: Final = (("cpu", 0), ("p50", 2), ("p95", 2))
DEFAULT: Final = 0.05  # of TRACES_RATIO
MANY: Final = 64  # connections: so many that a request seldom waits for one


@contextlib.contextmanager
def collector(*, answers: bool) -> Iterator[str]:
    """One that takes what it is sent, or hangs: takes connections and answers nothing."""
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            if not answers:
                ended.wait()
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.block_on_close = True, False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        ended.set()
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def nobody() -> Iterator[str]:
    """A collector that is away."""
    yield f"http://127.0.0.1:{free_port()}"


@dataclass(frozen=True)
class Case:
    """Settings of a server, and the collector that it sends to."""

    name: str
    ratio: float | None = None
    collecting: Callable[[], AbstractContextManager[str]] | None = None
    measured: bool = True

    @contextlib.contextmanager
    def server(self, made: Stage) -> Iterator[Server]:
        """It runs while the block does."""
        with contextlib.ExitStack() as stack:
            settings = dict(QUIET)
            if self.measured:
                settings["METRICS_PORT"] = str(free_port())
            if self.collecting and self.ratio is not None:
                url = stack.enter_context(self.collecting())
                settings |= {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "TRACES_RATIO": str(self.ratio)}
            yield stack.enter_context(made.server("service", settings))


def _taking() -> AbstractContextManager[str]:
    return collector(answers=True)


def _hung() -> AbstractContextManager[str]:
    return collector(answers=False)


CASES: Final = (
    Case("off", measured=False),
    Case("metrics"),
    Case("metrics, a twentieth traced", DEFAULT, _taking),
    Case("the same, collector away", DEFAULT, nobody),
    Case("the same, collector hung", DEFAULT, _hung),
    Case("metrics, a tenth traced", 0.1, _taking),
    Case("metrics, all traced", 1, _taking),
    Case("the same, collector away", 1, nobody),
    Case("the same, collector hung", 1, _hung),
)


@dataclass(frozen=True)
class Row:
    """What one case came to, round by round, and the seconds that its process took to end."""

    case: Case
    rounds: list[Figures] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)

    def text(self, off: "Row") -> str:
        """A line of the table: the median of the rounds, each figure beside the same round without telemetry."""
        cells = [f"{median(self.of(name)):.{digits}f} | {self._to(off, name):.2f}" for name, digits in FIGURES]
        return f"| {self.case.name} | {' | '.join(cells)} | {self.ends[0]:.1f} |"

    def _to(self, off: "Row", name: str) -> float:
        return median(one / other for one, other in zip(self.of(name), off.of(name), strict=True))

    def of(self, name: str) -> list[float]:
        """One figure of each round."""
        return [getattr(each, name) for each in self.rounds]


@click.command()
@click.option("--rounds", default=9, show_default=True, help="Turns of each case.")
@click.option("--seconds", default=1.5, show_default=True, help="Seconds of load in each.")
@click.option("--connections", default=8, show_default=True, help="Connections that are kept busy.")
@click.option(
    "--share",
    default=0.0,
    show_default=True,
    help="Send so many requests a second instead, as a share of what the service answers without telemetry: 0.5 is how production looks.",
)
def telemetry(rounds: int, seconds: float, connections: int, share: float) -> None:
    """What telemetry costs `GET /users/me`: CPU, p50 and p95, off and on, with a collector that answers, is away, and hangs.

    All in one run, in turns, each beside the same turn without telemetry: other work on the machine reaches all of them. A service with telemetry.
    """
    if not Path("app/telemetry").is_dir():
        raise click.ClickException("this service has no telemetry: bake one with telemetry=true")
    say = stopwatch(to_stderr)
    with stage(Size(users=1000, rows=1000), people=PEOPLE, say=say) as made, contextlib.ExitStack() as stack:
        servers = [stack.enter_context(case.server(made)) for case in CASES]
        [me] = [scenario for scenario in made.scenarios() if scenario.name == "me"]
        ask = partial(figures, scenario=me, seconds=seconds, connections=MANY if share else connections)
        with Load() as load:
            rate = share and share * figures(load, servers[0], me, connections=connections, seconds=seconds).per_second
        say(f"{rate:.0f} requests a second" if rate else f"{connections} connections that are never idle")
        with Load(rate) as load:
            rows = _measure(servers, rounds, partial(ask, load), say)
    click.echo("| | CPU, us | to off | p50, ms | to off | p95, ms | to off | end, s |")
    click.echo("| --- " * 8 + "|")
    for row in rows:
        click.echo(row.text(rows[0]))


def _measure(servers: Sequence[Server], rounds: int, ask: Callable[[Server], Figures], say: Say) -> list[Row]:
    rows = [Row(case) for case in CASES]
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        for place in _turned(number, len(rows)):
            rows[place].rounds.append(ask(servers[place]))
    for row, server in zip(rows, servers, strict=True):
        row.ends.append(_end(server))
    return rows


def _turned(number: int, count: int) -> list[int]:
    """Each round begins with another one, and every second one goes backwards."""
    order = [(number + each) % count for each in range(count)]
    return order[::-1] if number % 2 else order


def _end(server: Server) -> float:
    began = time.perf_counter()
    server.process.terminate()
    server.process.wait(END_SECONDS)
    return time.perf_counter() - began
