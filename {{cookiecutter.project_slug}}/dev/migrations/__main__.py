"""`python -m dev.migrations`: makes a migration, and checks all of them."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import click
from alembic import command
from alembic.config import Config
from alembic.script import Script
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from dev.gates import executable
from dev.migrations.database import broken_steps, drift
from dev.migrations.history import ROOT, alembic_config, broken_links, path_of, revisions, wrong_heads, wrong_names
from dev.migrations.lint import dangerous_statements
from dev.migrations.scratch import scratch_database

Check = Callable[[Config], Iterator[str]]
ON_FILES: Final[tuple[tuple[str, Check], ...]] = (
    ("unbroken chain", broken_links),
    ("one head", wrong_heads),
    ("file names", wrong_names),
    ("no dangerous statement", dangerous_statements),
)
ON_A_DATABASE: Final[tuple[tuple[str, Check], ...]] = (
    ("up, down, up", broken_steps),
    ("models and migrations agree", drift),
)


@click.group()
def main() -> None:
    """Work with the migrations of this service."""


@main.command()
@click.argument("message")
def new(message: str) -> None:
    """Write a migration for what the models have and the database at DATABASE_URL has not."""
    if not (os.environ.get("DIRECT_URL") or os.environ.get("DATABASE_URL")):
        raise click.ClickException(
            'DATABASE_URL is not set. `just migration "add a title"` brings the development database.'
        )
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ,.:()_/-]*", message):
        raise click.ClickException("The message names the file: write plain letters, digits and spaces.")
    try:
        script = command.revision(alembic_config(), message=message, autogenerate=True)
    except CommandError as error:
        raise click.ClickException(f"{error} If the database is behind, run `just migrate` first.") from error
    except (OSError, SQLAlchemyError) as error:
        raise click.ClickException(f"The database at DATABASE_URL cannot be used: {error}") from error
    _finish(script)


def _finish(script: Script | list[Script | None] | None) -> None:
    if not isinstance(script, Script):
        raise click.ClickException("Alembic wrote nothing.")
    for arguments in (["check", "--fix-only", "--quiet"], ["format", "--quiet"]):
        subprocess.run([executable("ruff"), *arguments, script.path], cwd=ROOT, check=True)  # noqa: S603 - constants
    click.echo(path_of(script))
    if "op." not in Path(script.path).read_text(encoding="utf-8"):
        click.echo("The models and the database agree, so it is empty: fill it by hand, or delete it.")
    click.echo("Read it, then: just gate migrations, and just migrate. Patterns are in docs/migrations.md.")


@main.command()
def check() -> None:
    """Check the history: one head, file names, dangerous statements, up and down and up, no drift."""
    _run(ON_FILES, alembic_config())
    with scratch_database() as url:
        _run(ON_A_DATABASE, alembic_config(url=url))
    click.echo(f"revisions: {len(revisions(alembic_config()))}")


def _run(checks: tuple[tuple[str, Check], ...], config: Config) -> None:
    """Run the checks in order and leave at the first that finds something: the later ones build on it."""
    for name, function in checks:
        problems = list(function(config))
        click.echo(f"{'FAILED' if problems else 'ok':<7} {name}")
        for problem in problems:
            click.echo(problem)
        if problems:
            sys.exit(1)


if __name__ == "__main__":
    main(prog_name="python -m dev.migrations")
