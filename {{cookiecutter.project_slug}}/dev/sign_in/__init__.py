"""`dev sign-in PROVIDER`: a ready `Authorization` header for trying the service in development.

Every module of this package defines one command, named like the module. Told nothing else, it signs some developer in.
"""

import contextlib
import importlib
import io
import pkgutil

import click

_NAMES = [module.name for module in pkgutil.iter_modules(__path__)]

sign_in = click.Group(
    "sign-in",
    commands=[getattr(importlib.import_module(f"{__name__}.{name}"), name) for name in _NAMES],
    help="Print a ready Authorization header. In development only.",
)


def authorizations() -> dict[str, str]:
    """What the `Authorization` header of some developer is, by provider.

    Raises:
        click.ClickException: not in development, or without the development secrets.
    """
    return {name: _authorization(command) for name, command in sign_in.commands.items()}


def _authorization(command: click.Command) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        command.main(args=[], standalone_mode=False)
    return printed.getvalue().strip().removeprefix("Authorization: ")
