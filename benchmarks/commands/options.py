"""`benchmarks options`: what languages, live updates and Redis add to a request that makes no use of them, off and on in one run."""

import contextlib
import importlib.util
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPResponse
from typing import Final

import click

from benchmarks.data import Size
from benchmarks.generator import Load
from benchmarks.measure import figures
from benchmarks.report import markdown
from benchmarks.scenarios import Request, Scenario
from benchmarks.servers import Server
from benchmarks.stage import Stage, stage, to_stderr

LIVE: Final = "/api/v1/live"
ROUTES: Final = ("list", "me")  # the first that the service has
LISTENERS: Final = 10
CONNECTIONS: Final = 8
HEADINGS: Final = "a request | CPU us off | on | ratio | lowest | highest"


@dataclass(frozen=True)
class Comparison:
    """The same requests, once with something off and once with it on."""

    name: str
    off: tuple[Server, Scenario]
    on: tuple[Server, Scenario]


@click.command()
@click.option("--rounds", default=9, show_default=True, help="Rounds; the median ratio counts.")
@click.option("--seconds", default=1.0, show_default=True, help="Seconds of load per side and round.")
@click.option("--rows", default=20_000, show_default=True, help="Rows of each big table.")
def options(*, rounds: int, seconds: float, rows: int) -> None:
    """Print the CPU of a request with languages, live updates and Redis off and on, side by side. Two minutes.

    Both sides of a row take turns in each round, so that the ratio holds on a busy machine. `off` twice says how much it moves by itself.
    """
    with stage(Size(users=1000, rows=rows), people=20, say=to_stderr) as made, contextlib.ExitStack() as stack:
        compared = _comparisons(made, stack)
        with Load() as load:
            costs = {one.name: [_costs(load, one, number, seconds) for number in range(rounds)] for one in compared}
    click.echo(markdown(HEADINGS, [f"{name} | {_row(pairs)}" for name, pairs in costs.items()]))


def _comparisons(made: Stage, stack: contextlib.ExitStack) -> list[Comparison]:
    found = {scenario.name: scenario for scenario in made.scenarios()}
    route = next(found[name] for name in ROUTES if name in found)
    unknown = Scenario("unknown", "", [replace(route.requests[0], path="/api/v1/nothing", expected=404)])
    plain, again = (stack.enter_context(made.server("service")) for _ in range(2))
    compared = [
        Comparison(f"{route.name}: off twice", (plain, route), (again, route)),
        Comparison(f"{route.name}: Accept-Language: fr", (plain, route), (plain, _in_french(route))),
        Comparison("an error: Accept-Language: fr", (plain, unknown), (plain, _in_french(unknown))),
    ]
    live = stack.enter_context(made.server("service"))
    if stack.enter_context(_listening(live, route.requests)):
        compared.append(Comparison(f"{route.name}: {LISTENERS} live connections open", (plain, route), (live, route)))
    if importlib.util.find_spec("app.redis"):
        shared = stack.enter_context(made.server("service", stack.enter_context(_redis())))
        compared.append(Comparison(f"{route.name}: REDIS_URL set", (plain, route), (shared, route)))
    return compared


def _in_french(scenario: Scenario) -> Scenario:
    return replace(scenario, requests=[replace(request, language="fr") for request in scenario.requests])


@contextlib.contextmanager
def _listening(server: Server, requests: Sequence[Request]) -> Iterator[bool]:
    """Streams of live updates that stay open, one for each of some callers; false where the service has none."""
    with contextlib.ExitStack() as stack:
        answers = [_open(server, request, stack) for request in requests[:LISTENERS]]
        if {answer.status for answer in answers} - {200, 404}:
            raise click.ClickException(f"{LIVE} answered {answers[0].status}")
        yield answers[0].status == 200  # noqa: PLR2004 - OK


def _open(server: Server, request: Request, stack: contextlib.ExitStack) -> HTTPResponse:
    connection = stack.enter_context(contextlib.closing(HTTPConnection("127.0.0.1", server.port, timeout=20)))
    authorization = request.caller.authorization
    connection.request("GET", LIVE, headers={"Authorization": authorization} if authorization else {})
    return connection.getresponse()


@contextlib.contextmanager
def _redis() -> Iterator[Mapping[str, str]]:
    from service_devkit.redis import ThrowawayRedis  # noqa: PLC0415 - a service without Redis has no server to find

    with ThrowawayRedis() as redis:
        yield {"REDIS_URL": redis.url}


def _costs(load: Load, compared: Comparison, number: int, seconds: float) -> tuple[float, float]:
    """CPU microseconds off and on; each round begins with the other one."""
    sides = {"off": compared.off, "on": compared.on}
    costs = {
        name: figures(load, *sides[name], connections=CONNECTIONS, seconds=seconds).cpu
        for name in (sorted(sides) if number % 2 else sorted(sides, reverse=True))
    }
    return costs["off"], costs["on"]


def _row(pairs: Sequence[tuple[float, float]]) -> str:
    ratios = [on / off for off, on in pairs]
    off, on = (statistics.median(side) for side in zip(*pairs, strict=True))
    return f"{off:.0f} | {on:.0f} | {statistics.median(ratios):.2f} | {min(ratios):.2f} | {max(ratios):.2f}"
