"""The result of a run: as a value, as JSON, and as a table."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from benchmarks.measure import Figures, Process
from benchmarks.queries import of_work

Made = Mapping[str, str | int | float]


@dataclass(frozen=True)
class Report:
    """One run: how it was made, and what it found by scenario and service. `statements` are those of one warm request."""

    made: Made
    scenarios: Mapping[str, Mapping[str, Figures]]
    statements: Mapping[str, Mapping[str, list[str]]]
    processes: Mapping[str, Process]

    def ratio(self, scenario: str, to: str) -> float:
        """CPU of a request of the service, as so many of another's."""
        sides = self.scenarios[scenario]
        return sides["service"].cpu / sides[to].cpu

    def queries(self, scenario: str, side: str) -> list[str] | None:
        """The statements that do something; None where no single request stands for the scenario."""
        sides = self.statements.get(scenario)
        return None if sides is None else of_work(sides[side])

    def write(self, path: Path) -> None:
        """As JSON, for `read` and for `compare`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")


def read(path: Path) -> Report:
    """A report that was written.

    Raises:
        click.ClickException: this is none.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        scenarios = {
            name: {side: Figures(**figures) for side, figures in sides.items()}
            for name, sides in data["scenarios"].items()
        }
        processes = {side: Process(**process) for side, process in data["processes"].items()}
        return Report(data["made"], scenarios, data["statements"], processes)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise click.ClickException(f"{path} is no report of a benchmark: {error!r}") from error


def markdown(header: str, rows: list[str]) -> str:
    """A table: the cells are separated by bars."""
    return "\n".join([f"| {header} |", "|" + " --- |" * (header.count("|") + 1), *(f"| {row} |" for row in rows)])


def tables(report: Report) -> str:
    """What a person reads: requests, and processes."""
    made = ", ".join(f"{name} {value}" for name, value in report.made.items())
    requests = markdown(
        "scenario | service | CPU us | x limit | x bare | req/s | mean ms | p50 | p95 | p99 | queries | around",
        [row for name in report.scenarios for row in _rows(report, name)],
    )
    processes = markdown(
        "service | start s | x bare | memory MiB | over bare",
        [_process(report, side) for side in report.processes],
    )
    return f"{made}\n\n{requests}\n\n{processes}"


def _rows(report: Report, name: str) -> Iterator[str]:
    sides = report.scenarios[name]
    for side, it in sides.items():
        ratios = f"{it.cpu / sides['limit'].cpu:.2f} | {it.cpu / sides['bare'].cpu:.2f}"
        times = f"{it.mean:.1f} | {it.p50:.1f} | {it.p95:.1f} | {it.p99:.1f}"
        yield f"{name} | {side} | {it.cpu:.0f} | {ratios} | {it.per_second:.0f} | {times} | {_counts(report, name, side)}"


def _counts(report: Report, name: str, side: str) -> str:
    """Statements that do something, and those around them."""
    queries = report.queries(name, side)
    return " | " if queries is None else f"{len(queries)} | {len(report.statements[name][side]) - len(queries)}"


def _process(report: Report, side: str) -> str:
    it, bare = report.processes[side], report.processes["bare"]
    return f"{side} | {it.started_in:.2f} | {it.started_in / bare.started_in:.2f} | {it.memory:.0f} | {it.memory - bare.memory:+.0f}"
