"""The development secrets that a service names, and the `.env` that is made of them or lacks some of them."""

import importlib
import os
import pkgutil
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import click

from service_devkit.project import find_root, has_hook, hook

Secrets = Mapping[str, Callable[[], str]]

_HEADER: Final = "# Settings of this checkout, for development only. Never commit it. All settings: .env.example\n"
_SET: Final = re.compile(r"""^[^\S\n]*(?:export\s+)?([A-Za-z_]\w*)[^\S\n]*=[^\S\n]*(?!["']{2}|\#)\S""", re.MULTILINE)


@dataclass(frozen=True)
class Unless:
    """Makes a value that would not fit a file in which any of `others` is set: it is not added to that one."""

    others: Sequence[str]
    make: Callable[[], str]

    def __call__(self) -> str:
        """Make the value."""
        return self.make()


def secrets_in(package: str, path: Iterable[str]) -> Secrets:
    """The `DEVELOPMENT_SECRETS` of every module of a package, together."""
    modules = (importlib.import_module(f"{package}.{module.name}") for module in pkgutil.iter_modules(path))
    return {name: make for module in modules for name, make in module.DEVELOPMENT_SECRETS.items()}


def rsa_key_pair() -> tuple[str, str]:
    """The private and the public half of a new RSA key, each as PEM in one line, with `\\n` for its line breaks.

    Raises:
        ImportError: the service does not depend on `cryptography`, as one that verifies RS256 does.
    """
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - only services that verify RS256 have it
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key  # noqa: PLC0415 - as above

    pem, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    key = generate_private_key(public_exponent=65_537, key_size=2048)
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    private_line, public_line = (
        half.decode().strip().replace("\n", "\\n") for half in (private, key.public_key().public_bytes(pem, form))
    )
    return private_line, public_line


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


def add_secrets(path: Path, secrets: Secrets) -> list[str]:
    """Add those that the file does not set, by lines at its end that end as its own do. Returns their names; no line of it changes.

    What the service could not read is left for it to complain about.

    Raises:
        OSError: it may not be read or written to.
    """
    content = path.read_bytes()
    try:
        found = set(_SET.findall(content.decode("utf-8-sig")))
    except UnicodeDecodeError:
        return []
    missing = {name: make for name, make in secrets.items() if name not in found and _fits(make, found)}
    if not missing or b"\0" in content:  # UTF-16 without its mark
        return []
    end = "\r\n" if b"\r\n" in content else "\n"
    lines = [f"{name}={make()}{end}" for name, make in missing.items()]
    apart = end if content and not content.endswith(b"\n") else ""
    with path.open("ab") as file:
        file.write("".join([apart, *lines]).encode())
    return [*missing]


def _fits(make: Callable[[], str], found: set[str]) -> bool:
    return not isinstance(make, Unless) or found.isdisjoint(make.others)


def complete_env_file(root: Path) -> str:
    """Write `.env`, or add the development secrets that it lacks. Returns what was done, for people; empty where nothing was to do."""
    path, secrets = root / ".env", development_secrets(root)
    if create_env_file(path, secrets):
        return "settings: .env created, with development secrets"
    try:
        added = add_secrets(path, secrets) if path.is_file() else []  # a pipe of a vault can be read only once
    except OSError as error:  # the service runs without them, or says what it needs
        return f"settings: .env may lack development secrets, and cannot be completed ({error.strerror})"
    return f"settings: added to .env: {', '.join(added)}" if added else ""


@click.command("create-env")
def create_env() -> None:
    """Write .env with development secrets, or add those that it lacks. `devkit run` does so too."""
    click.echo(complete_env_file(find_root()) or "settings: .env is there")


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
