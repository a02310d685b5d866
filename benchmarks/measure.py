"""The measurement: all services started, asked in turn, in several rounds; the median of the rounds counts."""

import asyncio
import contextlib
import statistics
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from benchmarks.data import clean
from benchmarks.generator import Load
from benchmarks.queries import StatementLog
from benchmarks.scenarios import Scenario
from benchmarks.servers import SIDES, Server, Side
from benchmarks.stage import Say, Stage

Servers = Mapping[Side, Server]
WARM_UP_SHARE: Final = 0.25


@dataclass(frozen=True)
class Effort:
    """How long it is measured: rounds, seconds of load in each, connections, and starts of each server.

    The median of the rounds counts; with `best` the cheapest one: other work on the machine only ever adds.
    """

    rounds: int
    seconds: float
    connections: int
    starts: int
    best: bool = False


@dataclass(frozen=True)
class Figures:
    """What a request costs: CPU microseconds of the server's processes; and how it feels: requests per second, milliseconds."""

    cpu: float
    per_second: float
    mean: float
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True)
class Process:
    """One server: seconds to the first answer, best of the starts, and MiB after the load."""

    started_in: float
    memory: float


Measured = Mapping[str, Mapping[str, Figures]]


def measure_processes(stage: Stage, servers: Servers, effort: Effort) -> Mapping[str, Process]:
    """Memory as it is now; start-up by starting each server some times more."""
    memory = {side: server.memory() for side, server in servers.items()}
    starts = {side: [server.started_in] for side, server in servers.items()}
    for _ in range(effort.starts - 1):
        for side in servers:
            with stage.server(side) as server:
                starts[side].append(server.started_in)
    return {side: Process(min(starts[side]), memory[side]) for side in servers}


def measure(
    stage: Stage, servers: Servers, effort: Effort, *, say: Say, only: Collection[str] | None = None
) -> Measured:
    """What the rounds come to, by scenario and service; only some scenarios if they are named."""
    rounds: dict[str, dict[Side, list[Figures]]] = defaultdict(lambda: defaultdict(list))
    with Load() as load:
        for number in range(effort.rounds):
            for scenario in stage.scenarios():
                if only is not None and scenario.name not in only:
                    continue
                say(f"round {number + 1} of {effort.rounds}: {scenario.name}")
                for side in _turned(number, servers):
                    found = figures(
                        load, servers[side], scenario, connections=effort.connections, seconds=effort.seconds
                    )
                    rounds[scenario.name][side].append(found)
                if scenario.writes:
                    asyncio.run(clean(stage.url))
    settled = _cheapest if effort.best else _median
    return {name: {side: settled(sides[side]) for side in servers} for name, sides in rounds.items()}


def count_statements(stage: Stage, servers: Servers) -> Mapping[str, Mapping[str, list[str]]]:
    """The statements of one warm request, by scenario and service."""
    alike = [scenario for scenario in stage.scenarios() if scenario.alike]
    counted = asyncio.run(_count(stage, servers, alike))
    asyncio.run(clean(stage.url))
    return counted


async def _count(
    stage: Stage, servers: Servers, scenarios: Sequence[Scenario]
) -> Mapping[str, Mapping[str, list[str]]]:
    async with StatementLog(stage.url, stage.log) as log:
        return {
            scenario.name: {
                side: log.statements_of(server.port, scenario.requests[0]) for side, server in servers.items()
            }
            for scenario in scenarios
        }


def started(stage: Stage, stack: contextlib.ExitStack) -> dict[Side, Server]:
    """All three, at once: those that are not asked cost nothing."""
    return {side: stack.enter_context(stage.server(side)) for side in SIDES}


def _turned(number: int, servers: Servers) -> list[Side]:
    """Each round begins with another one: nobody always comes first."""
    sides = list(servers)
    return sides[number % len(sides) :] + sides[: number % len(sides)]


def figures(load: Load, server: Server, scenario: Scenario, *, connections: int, seconds: float) -> Figures:
    """What requests of one scenario cost one server, after a warm-up."""
    load.send(server.port, scenario.requests, connections=connections, seconds=seconds * WARM_UP_SHARE)
    before = server.cpu()
    result = load.send(server.port, scenario.requests, connections=connections, seconds=seconds)
    cpu = (server.cpu() - before) / result.count * 1e6
    return Figures(cpu, result.count / result.seconds, result.mean, result.p50, result.p95, result.p99)


def _median(samples: Sequence[Figures]) -> Figures:
    rows = [asdict(sample) for sample in samples]
    return Figures(**{name: statistics.median(row[name] for row in rows) for name in rows[0]})


def _cheapest(samples: Sequence[Figures]) -> Figures:
    return min(samples, key=lambda sample: sample.cpu)
