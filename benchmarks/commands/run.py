"""`benchmarks run`: the whole measurement."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from benchmarks.budgets import findings, load_budgets
from benchmarks.chart import svg
from benchmarks.comparison import comparison
from benchmarks.data import Size
from benchmarks.measure import Effort
from benchmarks.report import Report, read, tables
from benchmarks.session import session, stopwatch
from benchmarks.stage import to_stderr

RESULTS: Final = Path(".dev", "benchmark")


@click.command()
@click.option("--users", default=10_000, show_default=True, help="Users in the database.")
@click.option("--rows", default=1_000_000, show_default=True, help="Rows of each big table.")
@click.option("--people", default=50, show_default=True, help="Users who call.")
@click.option("--rounds", default=3, show_default=True, help="Rounds; the median counts.")
@click.option("--seconds", default=2.0, show_default=True, help="Seconds of load per scenario, service and round.")
@click.option("--connections", default=8, show_default=True, help="Connections that ask at the same time.")
@click.option("--output", type=click.Path(path_type=Path), default=RESULTS, help="Folder of results; .dev/benchmark.")
@click.option("--against", type=click.Path(path_type=Path), help="An earlier result (JSON) to compare with.")
def run(
    *,
    users: int,
    rows: int,
    people: int,
    rounds: int,
    seconds: float,
    connections: int,
    output: Path,
    against: Path | None,
) -> None:
    """Measure the started service on a real database, beside two references.

    The limit is Starlette with hand-written SQL; bare is FastAPI as a tutorial writes it. CPU microseconds per request are the figure to trust:
    requests per second and milliseconds depend on what else the machine does. A run takes about four minutes and a gigabyte of memory. Tables go
    to the output, progress to the error output; JSON, tables and a chart are kept.
    """
    before = read(against) if against else None
    effort = Effort(rounds, seconds, connections, starts=3)
    with session(Size(users, rows), effort, people=people, say=stopwatch(to_stderr)) as running:
        report = running.report()
    text = "\n\n".join([tables(report), _targets(report), *([comparison(before, report)] if before else [])])
    click.echo(text)
    _keep(report, text, output)


def _targets(report: Report) -> str:
    """What misses its target; in a run, that is reported and is no error."""
    missed = [f"- {finding.subject}: {finding.text}" for finding in findings(report, load_budgets())]
    return "\n".join(["Over the targets:", *missed]) if missed else "Every target is met."


def _keep(report: Report, text: str, folder: Path) -> None:
    stem = folder / datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    report.write(stem.with_suffix(".json"))
    stem.with_suffix(".md").write_text(text + "\n", encoding="utf-8")
    stem.with_suffix(".svg").write_text(svg(report), encoding="utf-8")
    to_stderr(f"Kept as {stem}.json, .md and .svg")
