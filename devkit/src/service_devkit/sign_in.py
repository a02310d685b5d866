"""The commands of a service that print a ready `Authorization` header, one for each way to sign in."""

import contextlib
import importlib
import io
import pkgutil
from collections.abc import Iterable

import click


class SignIn(click.Group):
    """A group of the commands in a package: one for each of its modules, named like the module.

    A command prints the header of the person that its argument names, or without arguments of some developer; any number is a person's name.
    Where it cannot, it raises an error, which is told in its own words.
    """

    def __init__(self, package: str, path: Iterable[str]) -> None:
        names = [module.name for module in pkgutil.iter_modules(path)]
        commands = [getattr(importlib.import_module(f"{package}.{name}"), name) for name in names]
        super().__init__("sign-in", commands, help="Print a ready Authorization header. In development only.")

    def authorizations(self, number: int | None = None) -> dict[str, str]:
        """What the `Authorization` header of some developer is, by command; with a number, that of one of many people.

        Raises:
            click.ClickException: not in development, without the development secrets, or with wrong settings.
        """
        arguments = [] if number is None else [str(number)]
        return {name: _printed(command, arguments) for name, command in self.commands.items()}


def _printed(command: click.Command, arguments: list[str]) -> str:
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            command.main(args=arguments, standalone_mode=False)
    except click.ClickException:
        raise
    except Exception as error:  # whatever the settings of the service say about themselves
        raise click.ClickException(str(error)) from error
    return printed.getvalue().strip().removeprefix("Authorization: ")
