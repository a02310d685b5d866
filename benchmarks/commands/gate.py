"""`benchmarks gate`: a short run against the budgets."""

import sys
from collections.abc import Sequence
from typing import Final

import click

from benchmarks.budgets import Budgets, Finding, findings, load_budgets
from benchmarks.data import Size
from benchmarks.measure import Effort
from benchmarks.report import tables
from benchmarks.session import Session, session, stopwatch
from benchmarks.stage import to_stderr

SIZE: Final = Size(users=500, rows=20_000)
EFFORT: Final = Effort(rounds=2, seconds=0.25, connections=8, starts=2, best=True)
PEOPLE: Final = 10


@click.command()
def gate() -> None:
    """Fail when a request takes more statements, or more CPU beside the references, than its budget allows.

    The budgets are dev/benchmark/budgets*.toml. Only counts and ratios within one run fail, never seconds; a ratio that is over is measured
    once more before it counts. Less data and shorter than `run`: half a minute.
    """
    with session(SIZE, EFFORT, people=PEOPLE, say=stopwatch(to_stderr)) as running:
        found = judge(running, load_budgets())
    for finding in found:
        click.echo(f"{'info' if finding.kind == 'time' else 'FAILED'}  {finding.subject}: {finding.text}")
    sys.exit(1 if any(finding.kind != "time" for finding in found) else 0)


def judge(running: Session, budgets: Budgets) -> list[Finding]:
    """What is over its budget; of ratios, what was so twice."""
    report = running.report_of_routes()
    click.echo(tables(report))
    found = list(findings(report, budgets, head_room=budgets.gate.head_room))
    doubtful = sorted({finding.subject for finding in found if finding.kind == "ratio"})
    if not doubtful:
        return found
    running.say(f"once more, to be sure: {', '.join(doubtful)}")
    again = list(findings(running.costs(doubtful), budgets, head_room=budgets.gate.head_room))
    return [finding for finding in found if finding.kind != "ratio"] + _confirmed(again, doubtful)


def _confirmed(again: Sequence[Finding], doubtful: Sequence[str]) -> list[Finding]:
    return [finding for finding in again if finding.kind == "ratio" and finding.subject in doubtful]
