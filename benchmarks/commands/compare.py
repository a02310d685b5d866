"""`benchmarks compare`: two runs side by side."""

import sys
from pathlib import Path

import click

from benchmarks.comparison import comparison, growth_of
from benchmarks.report import read


@click.command()
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--fail-above", type=float, help="Fail when a scenario costs more than this many times as before.")
def compare(before: Path, after: Path, fail_above: float | None) -> None:
    """Compare the results BEFORE and AFTER, JSON files of `benchmarks run`.

    The ratio to watch is the last but one: CPU per request in units of the limit of the same run, so that two machines can be compared.
    """
    first, second = read(before), read(after)
    click.echo(comparison(first, second))
    worst = max(growth_of(first, second).values(), default=1.0)
    sys.exit(1 if fail_above is not None and worst > fail_above else 0)
