"""`devkit exec` and `devkit psql`: other programs with the development database."""

import os
import shutil
from collections.abc import Mapping
from typing import NoReturn
from urllib.parse import unquote, urlsplit

import click

from service_devkit.database import DevelopmentDatabase, development_database, environment_with
from service_devkit.postgres.binaries import NoPostgresError, find_binaries


@click.command("exec", context_settings={"ignore_unknown_options": True})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def execute(command: tuple[str, ...]) -> None:
    """Run COMMAND with DATABASE_URL set to the development database, which runs as long as the command does."""
    with development_database() as database:
        _become(command, environment_with(database), database)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def psql(arguments: tuple[str, ...]) -> None:
    """Open the development database in psql. ARGUMENTS go to psql."""
    with development_database() as database:
        parts = urlsplit(database.url)
        user, _, address = parts.netloc.rpartition("@")
        user, _, password = user.partition(":")
        # Not in the arguments, which everybody on the machine can read.
        environment = {**environment_with(database), "PGPASSWORD": unquote(password)}
        url = parts._replace(scheme="postgresql", netloc=f"{user}@{address}").geturl()
        _become((_find_psql(), url, *arguments), environment, database)


def _become(command: tuple[str, ...], environment: Mapping[str, str], database: DevelopmentDatabase) -> NoReturn:
    """Replace this process, so that signals, terminal and exit status are the command's own."""
    database.hand_over()
    try:
        os.execvpe(command[0], command, environment)  # noqa: S606 - what the developer asked for
    except OSError as error:
        raise click.ClickException(f"{command[0]}: {error.strerror}") from None


def _find_psql() -> str:
    try:
        bundled = find_binaries() / "psql"
    except NoPostgresError:
        bundled = None
    found = str(bundled) if bundled and bundled.is_file() else shutil.which("psql")
    if found is None:
        raise click.ClickException("psql is not installed.")
    return found
