"""The command line of the service: `python -m app COMMAND`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Final, Never

import click

from app.core.database_url import DatabaseUrlError
from app.core.errors import AppError
from app.core.settings import ConfigurationError

# The module of each command. It is imported with its command only: a health check every few seconds must not load the web framework.
COMMANDS: Final = {
    "serve": "serve",
    "migrate": "database",
    "seed": "seed",
    "users": "users",
    "create-user": "users",
    "set-role": "users",
    "openapi": "openapi",
    "doctor": "doctor",
    "healthcheck": "healthcheck",
}
# {% if cookiecutter.auth == "jwt" %}
COMMANDS["set-role"] = "accounts"  # which finds people by e-mail address too
# {% endif %}
# {% if cookiecutter.jobs %}
COMMANDS["worker"] = "worker"
COMMANDS["jobs"] = "jobs"
# {% endif %}


class Commands(click.Group):
    """The commands of `COMMANDS`, in that order."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"app.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Run and look after the service. Settings come from the environment and from .env."""


def main() -> None:
    """Run a command."""
    with explained():
        cli(prog_name="python -m app")


@contextmanager
def explained() -> Iterator[None]:
    """What the user can fix is said in a line or two, without a traceback. Exit status 2 for it."""
    try:
        yield
    except ConfigurationError as error:
        _fail(str(error))
    except DatabaseUrlError as error:
        _fail(f"DATABASE_URL {error}")
    except AppError as error:
        _fail(error.reason or error.detail)


def _fail(message: str) -> Never:
    click.echo(message, err=True)
    sys.exit(2)
