"""One run from beginning to end."""

import contextlib
import os
import platform
import sysconfig
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from service_devkit.postgres.binaries import find_binaries, major_version

from benchmarks.data import Size
from benchmarks.measure import Effort, count_statements, measure, measure_processes, started
from benchmarks.report import Report
from benchmarks.servers import Server, Side
from benchmarks.stage import Say, Stage, stage


@dataclass(frozen=True)
class Session:
    """All that a run needs, running."""

    stage: Stage
    servers: Mapping[Side, Server]
    size: Size
    effort: Effort
    say: Say

    def report(self) -> Report:
        """Measure everything."""
        return self._report(self._statements(), None, self.effort)

    def report_of_routes(self) -> Report:
        """Measure each route by itself, and no mixture of them."""
        statements = self._statements()
        return self._report(statements, statements, self.effort)

    def costs(self, only: Collection[str]) -> Report:
        """Measure what some scenarios cost, and the starts if `start` is among them; statements are not counted."""
        effort = self.effort if "start" in only else replace(self.effort, starts=1)
        return self._report({}, only, effort)

    def _statements(self) -> Mapping[str, Mapping[str, list[str]]]:
        self.say("counting statements")
        return count_statements(self.stage, self.servers)

    def _report(
        self, statements: Mapping[str, Mapping[str, list[str]]], only: Collection[str] | None, effort: Effort
    ) -> Report:
        scenarios = measure(self.stage, self.servers, effort, say=self.say, only=only)
        self.say("starting the servers again, for the time that it takes")
        processes = measure_processes(self.stage, self.servers, effort)
        return Report(_made(self.size, effort), scenarios, statements, processes)


@contextlib.contextmanager
def session(size: Size, effort: Effort, *, people: int, say: Say) -> Iterator[Session]:
    """Database, data and the three services."""
    with stage(size, people=people, say=say) as made, contextlib.ExitStack() as stack:
        say("starting the service, bare and the limit")
        yield Session(made, started(made, stack), size, effort, say)


def _made(size: Size, effort: Effort) -> dict[str, str | int | float]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "Python": f"{platform.python_version()}, {'optimised' if _is_optimised() else 'built without optimisations'}",
        "PostgreSQL": major_version(find_binaries()),
        "cores": os.cpu_count() or 1,
        "users": size.users,
        "rows": size.rows,
        "rounds": effort.rounds,
        "seconds": effort.seconds,
        "connections": effort.connections,
        "load average": round(os.getloadavg()[0], 1),
    }


def _is_optimised() -> bool:
    """An interpreter that was built without them makes everything but the limit a third slower, and so each ratio to the limit."""
    return "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")


def stopwatch(say: Say) -> Say:
    """`say`, with the seconds since now before each text."""
    began = time.monotonic()
    return lambda text: say(f"{time.monotonic() - began:6.1f} s  {text}")
