"""`devkit run`: the service for development, with everything that it needs."""

import shlex
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, Protocol, cast

import click

from service_devkit.database import GivenDatabase, development_database, environment_with, location_of
from service_devkit.environment import authorizations, complete_env_file
from service_devkit.processes import Guarded, run_in_foreground
from service_devkit.project import find_root, hook, tool
from service_devkit.redis import development_redis

# More than the service takes for open requests, so that only a stuck one is killed.
_PATIENCE: Final = 30


class _ServerSettings(Protocol):
    host: str
    port: int


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
    root = find_root()
    if done := complete_env_file(root):
        click.echo(done)
    with development_database() as database:
        origin = "DATABASE_URL" if isinstance(database, GivenDatabase) else "embedded, data in .dev/postgres"
        click.echo(f"database: {location_of(database.url)} ({origin})")
        with development_redis(root) as redis:
            environment = {"DOCS_AUTHORIZATION": _authorization_of_docs(root), **environment_with(database), **redis}
            status = _migrate_and_serve(root, port, arguments, environment)
    sys.exit(status)


def _authorization_of_docs(root: Path) -> str:
    """What /docs signs in with, so that an operation can be tried at once; nothing where nobody signs in."""
    try:
        return ",".join(authorizations(root))
    except click.ClickException:  # no development keys, or settings that the server will complain about
        return ""


def _migrate_and_serve(root: Path, port: int | None, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    status = run_in_foreground([sys.executable, "-m", "app", "migrate"], environment=environment)
    if status != 0:
        return status
    settings = cast("_ServerSettings", hook(root, "server-settings")())
    port = port or settings.port
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    click.echo(f"docs: http://{host}:{port}/docs")
    click.echo(f"server: http://{host}:{port} (reloads when code changes; Ctrl-C stops everything)")
    command = [sys.executable, "-m", "app", "serve", "--reload", "--port", str(port), *arguments]
    with _beside_the_server(root, environment):
        return run_in_foreground(command, environment=environment, patience=_PATIENCE)


@contextmanager
def _beside_the_server(root: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Inside the block the other processes of the service run: the commands of `beside-the-server`, a worker say."""
    with ExitStack() as stack:
        for command in cast("Sequence[str]", tool(root, "devkit").get("beside-the-server", ())):
            click.echo(f"beside it: python -m app {command}")
            arguments = [sys.executable, "-m", "app", *shlex.split(command)]
            stack.callback(Guarded(arguments, environment=environment, patience=_PATIENCE).end)
        yield
