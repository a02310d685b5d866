"""`dev sign-in PROVIDER`: a ready `Authorization` header for trying the service in development.

Every module of this package defines one command, named like the module, and `nth`: what the command takes for one of many people. Told nothing
else, the command signs some developer in.
"""

import contextlib
import importlib
import io
import pkgutil

import click

from app.core.settings import ConfigurationError

_MODULES = {
    module.name: importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)
}

sign_in = click.Group(
    "sign-in",
    commands=[getattr(module, name) for name, module in _MODULES.items()],
    help="Print a ready Authorization header. In development only.",
)


def authorizations(number: int | None = None) -> dict[str, str]:
    """What the `Authorization` header of some developer is, by provider; with a number, from 1 on, that of one of many people.

    Raises:
        click.ClickException: not in development, without the development secrets, or with wrong settings.
    """
    return {
        name: _authorization(command, [] if number is None else [_MODULES[name].nth(number)])
        for name, command in sign_in.commands.items()
    }


def _authorization(command: click.Command, arguments: list[str]) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            command.main(args=arguments, standalone_mode=False)
        except ConfigurationError as error:
            raise click.ClickException(str(error)) from None
    return printed.getvalue().strip().removeprefix("Authorization: ")
