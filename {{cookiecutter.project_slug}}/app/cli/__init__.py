"""The command line of the service: `python -m app COMMAND`."""

import sys

import click

from app.cli.database import migrate
from app.cli.doctor import doctor
from app.cli.openapi import openapi
from app.cli.seed import seed
from app.cli.serve import serve
from app.cli.users import create_user, set_role
from app.core.database_url import DatabaseUrlError
from app.core.errors import AppError
from app.core.settings import ConfigurationError

COMMANDS = (serve, migrate, seed, create_user, set_role, openapi, doctor)


@click.group(commands=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Run and look after the service. Settings come from the environment and from .env."""


def main() -> None:
    """Run a command; what the user can mend is said in a line or two, without a traceback. Exit status 2 for it."""
    try:
        cli(prog_name="python -m app")
    except ConfigurationError as error:
        sys.exit(_fail(str(error)))
    except DatabaseUrlError as error:
        sys.exit(_fail(f"DATABASE_URL {error}"))
    except AppError as error:
        sys.exit(_fail(error.detail))


def _fail(message: str) -> int:
    click.echo(message, err=True)
    return 2
