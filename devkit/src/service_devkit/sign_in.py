"""The commands of a service that print a ready `Authorization` header, one for each way to sign in."""

import contextlib
import importlib
import io
import pkgutil
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import click


class SignIn(click.Group):
    """A group of the commands in a package: one for each of its modules, named like the module.

    A command prints the header of the person that its argument names, or without arguments of some developer; any number is a person's name.
    Where it cannot, it raises an error, whose message is printed.

    Args:
        roles: what `--role` takes; without any there is no such option.
        give_role: gives the person of an `Authorization` value a role.
    """

    def __init__(
        self,
        package: str,
        path: Iterable[str],
        *,
        roles: Sequence[str] = (),
        give_role: Callable[[str, str], None] | None = None,
    ) -> None:
        self._roles, self._give_role = roles, give_role
        names = [module.name for module in pkgutil.iter_modules(path)]
        commands = [getattr(importlib.import_module(f"{package}.{name}"), name) for name in names]
        if give_role:
            commands = [_with_role(command, roles, give_role) for command in commands]
        super().__init__("sign-in", commands, help="Print a ready Authorization header. In development only.")

    def authorizations(self, number: int | None = None) -> dict[str, str]:
        """What the `Authorization` header of some developer is, by command; with a number, that of one of many people.

        Raises:
            click.ClickException: not in development, without the development secrets, or with wrong settings.
        """
        arguments = [] if number is None else [str(number)]
        return {name: _printed(command, arguments) for name, command in self.commands.items()}

    def authorizations_by_role(self) -> dict[str, str]:
        """The `Authorization` header of a person for each role and each way to sign in, called `way as role`; without roles, that of some developer.

        Whom the service refuses a role has none: a way to sign in that it does not take.

        Raises:
            click.ClickException: not in development, without the development secrets, or with wrong settings.
        """
        if self._give_role is None:
            return self.authorizations()
        found: dict[str, str] = {}
        for number, role in enumerate(self._roles, start=1):
            for way, authorization in self.authorizations(number).items():
                try:
                    self._give_role(authorization, role)
                except Exception as error:  # noqa: BLE001 - whatever the service says about the credentials
                    click.echo(f"{way} as {role}: {error}", err=True)
                else:
                    found[f"{way} as {role}"] = authorization
        return found


def require_development(secret: str, *, deployed: bool, known: Collection[str]) -> None:
    """Refuse to make credentials without the development secret that signs them: a variable, looked for among the names of `known` settings.

    Raises:
        click.ClickException: the service is deployed, or the secret is not set.
    """
    if deployed or secret.lower() not in known:
        raise click.ClickException(
            f"only in development, with {secret} in .env: any start for development adds it where it fits, and `devkit create-env`"
        )


def _with_role(command: click.Command, roles: Sequence[str], give_role: Callable[[str, str], None]) -> click.Command:
    """The command with an option that gives the person a role in the development database, and prints the same."""

    def run(*, role: str | None, **arguments: object) -> None:
        if role is not None:
            give_role(_printed(command, arguments), role)
        click.get_current_context().invoke(command, **arguments)

    option = click.Option(["--role"], type=click.Choice(list(roles)), help="Give the person this role first.")
    return click.Command(command.name, callback=run, params=[*command.params, option], help=command.help)


def _printed(command: click.Command, given: Sequence[str] | Mapping[str, object]) -> str:
    """The header that a command prints, for arguments as they are typed or as they were parsed."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            if isinstance(given, Mapping):
                click.Context(command).invoke(command, **given)
            else:
                command.main(args=list(given), standalone_mode=False)
    except click.ClickException:
        raise
    except Exception as error:  # whatever the settings of the service say about themselves
        raise click.ClickException(str(error)) from error
    return printed.getvalue().strip().removeprefix("Authorization: ")
