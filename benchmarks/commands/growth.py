"""`benchmarks growth`: how cost grows."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from benchmarks.commands.run import RESULTS
from benchmarks.data import Size
from benchmarks.generator import Load
from benchmarks.growth import (
    Experiment,
    Table,
    connections_and_workers,
    domains,
    large_body,
    pool_exhausted,
    slow_clients,
)
from benchmarks.scenarios import Scenario
from benchmarks.session import stopwatch
from benchmarks.stage import stage, to_stderr

MOST: Final = 0.95


@click.command()
@click.option("--users", default=1_000, show_default=True, help="Users in the database.")
@click.option("--rows", default=1_000_000, show_default=True, help="Rows of each big table; 95 % belong to one user.")
@click.option("--people", default=20, show_default=True, help="Users who call.")
@click.option("--seconds", default=1.0, show_default=True, help="Seconds of load for each line.")
@click.option("--output", type=click.Path(path_type=Path), default=RESULTS, help="Folder of results; .dev/benchmark.")
def growth(*, users: int, rows: int, people: int, seconds: float, output: Path) -> None:
    """Show how cost grows: with data, connections and workers, and when something is exhausted, slow or too large.

    Nothing fails here: the tables are to be read. They go to the output as Markdown, and are kept with a JSON file beside.
    """
    say = stopwatch(to_stderr)
    found: list[Table] = []
    with stage(Size(users, rows, round(rows * MOST)), people=people, say=say) as made, Load() as load:
        for table in _tables(Experiment(made, load, seconds)):
            say(table.title)
            click.echo(table.markdown() + "\n")
            found.append(table)
    _keep(found, output)


def _tables(it: Experiment) -> Iterator[Table]:
    scenario = _typical(it.stage.scenarios())
    yield from domains(it)
    yield connections_and_workers(it, scenario)
    yield slow_clients(it, scenario)
    yield large_body(it)
    yield asyncio.run(pool_exhausted(it))


def _typical(scenarios: list[Scenario]) -> Scenario:
    """The one that a service is asked for most: a list where there is one, else the caller."""
    return next((each for each in scenarios if each.name == "list"), scenarios[1])


def _keep(tables: list[Table], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"growth-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    rows = json.dumps([asdict(table) for table in tables], indent=2)
    stem.with_suffix(".json").write_text(rows + "\n", encoding="utf-8")
    stem.with_suffix(".md").write_text("\n\n".join(t.markdown() for t in tables) + "\n", encoding="utf-8")
    to_stderr(f"Kept as {stem}.json and .md")
