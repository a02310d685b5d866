"""The development secrets that a service names, and the `.env` of a fresh checkout that is made of them."""

import importlib
import os
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, cast

import click

from service_devkit.project import find_root, has_hook, hook

Secrets = Mapping[str, Callable[[], str]]

_HEADER: Final = "# Settings of this checkout, for development only. Never commit it. All settings: .env.example\n"


def secrets_in(package: str, path: Iterable[str]) -> Secrets:
    """The `DEVELOPMENT_SECRETS` of every module of a package, together."""
    modules = (importlib.import_module(f"{package}.{module.name}") for module in pkgutil.iter_modules(path))
    return {name: make for module in modules for name, make in module.DEVELOPMENT_SECRETS.items()}


def development_secrets(root: Path) -> Secrets:
    """What makes each secret that the service needs in development, by variable; empty where it names none."""
    if not has_hook(root, "development-secrets"):
        return {}
    return cast("Secrets", hook(root, "development-secrets")())


def create_env_file(path: Path, secrets: Secrets) -> bool:
    """Write the file unless it exists, readable by its owner only. Returns whether it was written.

    Root, as in a container or by sudo, writes it for the owner of the folder.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    lines = [f"{name}={make()}\n" for name, make in secrets.items()]
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            owner = path.parent.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
        file.writelines([_HEADER, *lines])
    return True


@click.command("create-env")
def create_env() -> None:
    """Write .env with development secrets, where there is none. `devkit run` does so too."""
    root = find_root()
    written = create_env_file(root / ".env", development_secrets(root))
    click.echo("settings: .env created, with development secrets" if written else "settings: .env is there")


def authorizations(root: Path) -> list[str]:
    """The `Authorization` header of some developer for each way to sign in; empty where nobody does.

    Raises:
        click.ClickException: not in development, or without the development secrets.
    """
    if not has_hook(root, "authorizations"):
        return []
    return list(cast("Mapping[str, str]", hook(root, "authorizations")()).values())


def authorizations_by_role(root: Path) -> Mapping[str, str]:
    """The `Authorization` header of a person for each role and each way to sign in, called `way as role`; empty where nobody signs in.

    A service that names no roles has one person for each way to sign in.

    Raises:
        click.ClickException: not in development, or without the development secrets.
    """
    if not has_hook(root, "authorizations-by-role"):
        return {f"person {number}": header for number, header in enumerate(authorizations(root), start=1)}
    return cast("Mapping[str, str]", hook(root, "authorizations-by-role")())
