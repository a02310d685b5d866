"""The database of a developer command: the one that `DATABASE_URL` names, else the development cluster."""

import json
import os
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, cast

import click
from pydantic import ValidationError

from service_devkit.postgres.binaries import WINDOWS, NoPostgresError
from service_devkit.postgres.client import without_libpq
from service_devkit.project import find_root, hook

if TYPE_CHECKING:
    from service_devkit.postgres.development import DevelopmentCluster


# Where a worktree says which database is its own.
SHARED: Final = Path(".dev") / "worktree.json"


class _Secret(Protocol):
    def get_secret_value(self) -> str: ...


class _DatabaseSettings(Protocol):
    @property
    def database_url(self) -> _Secret | None: ...


class DevelopmentDatabase(Protocol):
    """Where the database is, for as long as this process or its replacement lives."""

    @property
    def url(self) -> str:
        """Address, password included."""

    def hand_over(self) -> None:
        """Let the program that replaces this one (`os.exec*`) use the database."""


@dataclass(frozen=True)
class GivenDatabase:
    """A database that somebody else runs."""

    url: str

    def hand_over(self) -> None:
        """Nothing to do: it runs in any case."""


def development_database() -> AbstractContextManager[DevelopmentDatabase]:
    """The database that `DATABASE_URL` (environment or `.env`) names, else the development cluster, started if need be.

    Raises:
        NoPostgresError: neither is there.
    """
    given = given_url()
    if given is not None:
        return nullcontext(GivenDatabase(given))
    return embedded_cluster()


def embedded_cluster() -> "DevelopmentCluster":
    """The project's own PostgreSQL, with its data in `.dev/postgres`; in a worktree a database of its own on that of the main worktree.

    Raises:
        NoPostgresError: this system has none.
    """
    if sys.platform == "win32":
        raise NoPostgresError(WINDOWS)
    from service_devkit.postgres.development import DevelopmentCluster  # noqa: PLC0415 - needs file locks, which Windows lacks

    root = find_root()
    shared = shared_cluster(root)
    return DevelopmentCluster(*shared) if shared else DevelopmentCluster(cluster_folder(root))


def shared_cluster(root: Path) -> tuple[Path, str] | None:
    """The server of another folder, and the database on it that belongs to this one; None where a service has its own server.

    Raises:
        NoPostgresError: the other folder is gone.
    """
    path = root / SHARED
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        folder, database = Path(found["cluster"]), str(found["database"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise NoPostgresError(f"{path} names no database. Write it again: devkit worktree init") from None
    if not folder.parent.parent.is_dir():
        raise NoPostgresError(f"{path} names a server in {folder}, which is gone. Write it again: devkit worktree init")
    return folder, database


def cluster_folder(root: Path) -> Path:
    """Where a service keeps its own PostgreSQL."""
    return root / ".dev" / "postgres"


def given_url() -> str | None:
    """`DATABASE_URL` as the service would read it."""
    read_settings = hook(find_root(), "database-settings")
    try:
        settings = cast("_DatabaseSettings", read_settings())
    except ValueError as error:  # pydantic's are such
        raise click.ClickException(what_is_wrong(error)) from None
    return settings.database_url.get_secret_value() if settings.database_url else None


def what_is_wrong(error: ValueError) -> str:
    """What an error about settings says, without the values: one of them may be a password."""
    if not isinstance(error, ValidationError):
        return str(error)
    return "\n".join(f"{str(part['loc'][0]).upper()}: {part['msg']}" for part in error.errors())


def environment_with(database: DevelopmentDatabase) -> Mapping[str, str]:
    """The environment for a command that is to use the database."""
    if isinstance(database, GivenDatabase):
        return {**os.environ, "DATABASE_URL": database.url}
    # A DIRECT_URL from `.env` would send the migrations elsewhere.
    return {**without_libpq(os.environ), "DATABASE_URL": database.url, "DIRECT_URL": database.url}


def location_of(url: str) -> str:
    """A database's address without its password."""
    return url.partition("://")[2].rpartition("@")[2].partition("?")[0]
