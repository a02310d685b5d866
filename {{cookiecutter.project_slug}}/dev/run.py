"""`dev run`: the service for development, with everything that it needs."""

import importlib
import importlib.util
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import click

from app.core.settings import ConfigurationError
from app.core.settings.http import HttpSettings
from dev.database import ROOT, GivenDatabase, development_database, environment_with, whereabouts
from dev.environment import create_env_file
from dev.processes import run_in_foreground

ENV_FILE: Final = ROOT / ".env"
# More than the service takes for open requests, so that only a stuck one is killed.
_PATIENCE: Final = 30


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--port", type=int, help="Port to listen on.  [default: PORT of the settings]")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run(port: int | None, arguments: tuple[str, ...]) -> None:
    """Run the service: a database, its migrations, and the server, which reloads when code changes.

    The database is the one of DATABASE_URL, else one of the project's own that keeps its data in .dev. ARGUMENTS go to `python -m app serve`.
    """
    if sys.platform == "win32":
        raise click.ClickException(
            "On Windows set DATABASE_URL; then: python -m app migrate, python -m app serve --reload"
        )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if create_env_file(ENV_FILE):
        click.echo("settings: .env created, with development secrets")
    with development_database() as database:
        origin = "DATABASE_URL" if isinstance(database, GivenDatabase) else "embedded, data in .dev/postgres"
        click.echo(f"database: {whereabouts(database.url)} ({origin})")
        environment = {"DOCS_AUTHORIZATION": _authorization_of_docs(), **environment_with(database)}
        status = _migrate_and_serve(port, arguments, environment)
    sys.exit(status)


def _authorization_of_docs() -> str:
    """What /docs signs in with, so that an operation can be tried at once; nothing where nobody signs in."""
    if importlib.util.find_spec("dev.sign_in") is None:
        return ""
    try:
        headers: Mapping[str, str] = importlib.import_module("dev.sign_in").authorizations()
    except (
        click.ClickException,
        ConfigurationError,
    ):  # no development keys, or settings that the server will complain about
        return ""
    return ",".join(headers.values())


def _migrate_and_serve(port: int | None, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    status = run_in_foreground([sys.executable, "-m", "app", "migrate"], environment=environment)
    if status != 0:
        return status
    settings = HttpSettings()
    port = port or settings.port
    click.echo(f"docs: http://{settings.host}:{port}/docs")
    click.echo(f"server: http://{settings.host}:{port} (reloads when code changes; Ctrl-C stops everything)")
    command = [sys.executable, "-m", "app", "serve", "--reload", "--port", str(port), *arguments]
    return run_in_foreground(command, environment=environment, patience=_PATIENCE)
