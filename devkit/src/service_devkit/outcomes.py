"""How a gate ends: it passed, it found something, or it could not look."""

import sys
from collections.abc import Sequence
from typing import Final, NoReturn

import click

# Neither a pass nor a failure. It is EX_TEMPFAIL of sysexits.h.
NOT_RUN: Final = 75


def leave(failures: Sequence[str], warnings: Sequence[str], *, not_run: str | None) -> NoReturn:
    """End a gate: say what it found, and why it could not look at all of it, if so."""
    for line in (*(f"warning: {warning}" for warning in warnings), *failures):
        click.echo(line)
    if not_run:
        click.echo(f"NOT RUN: {not_run}")
    sys.exit(1 if failures else NOT_RUN if not_run else 0)
