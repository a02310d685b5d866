"""What a gate is, how it can end, and how the ends are told."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NoReturn

import click

# The exit status of a gate that could not look: neither a pass nor a failure. It is EX_TEMPFAIL of sysexits.h.
NOT_RUN: Final = 75

State = Literal["ok", "FAILED", "NOT RUN", "skipped"]


@dataclass(frozen=True)
class Gate:
    """A command that must succeed, what its success means, and what to do when it does not."""

    name: str
    holds: str
    command: tuple[str, ...]
    mend: str


@dataclass(frozen=True)
class Outcome:
    """How one gate ended."""

    gate: Gate
    state: State
    seconds: float = 0.0
    output: str = ""


def state_of(status: int) -> State:
    """How a gate ended that left with this status."""
    return "ok" if status == 0 else "NOT RUN" if status == NOT_RUN else "FAILED"


def verdict(outcomes: Sequence[Outcome]) -> State:
    """How all of them ended."""
    states = {outcome.state for outcome in outcomes}
    return "FAILED" if "FAILED" in states else "NOT RUN" if "NOT RUN" in states else "ok"


def table(outcomes: Sequence[Outcome]) -> str:
    """One line for each gate, with its state, its seconds and what it holds."""
    lines = [f"{o.gate.name:<13} {o.state:<8} {_seconds(o):>8}   {o.gate.holds}" for o in outcomes]
    total = sum(outcome.seconds for outcome in outcomes)
    return "\n".join([*lines, f"{'all':<13} {verdict(outcomes):<8} {total:>6.1f} s"])


def _seconds(outcome: Outcome) -> str:
    return "" if outcome.state == "skipped" else f"{outcome.seconds:.1f} s"


def report(outcome: Outcome) -> None:
    """Tell how a gate ended: all that it printed where it did not pass, else its warnings."""
    click.echo(f"{outcome.state:<7} {outcome.gate.name:<13} {outcome.seconds:6.1f} s")
    for line in outcome.output.rstrip().splitlines():
        if outcome.state != "ok" or line.startswith("warning: "):
            click.echo(line)
    if outcome.state == "FAILED":
        click.echo(f"To mend {outcome.gate.name}: {outcome.gate.mend}.")


def leave(failures: Sequence[str], warnings: Sequence[str], *, not_run: str | None) -> NoReturn:
    """End a gate: say what it found, and why it could not look at all of it, if so."""
    for line in (*(f"warning: {warning}" for warning in warnings), *failures):
        click.echo(line)
    if not_run:
        click.echo(f"NOT RUN: {not_run}")
    sys.exit(1 if failures else NOT_RUN if not_run else 0)
