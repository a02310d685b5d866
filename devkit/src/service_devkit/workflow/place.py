"""A complete place to work: environment, `.env` with ports, and a database with data, for one worktree."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from service_devkit.database import SHARED, cluster_folder
from service_devkit.postgres.copies import copy_to, drop, replace_by_empty, revisions_of
from service_devkit.postgres.development import DevelopmentCluster
from service_devkit.project import has_hook
from service_devkit.workflow.command import Refused, progress_to_stderr, say
from service_devkit.workflow.env_file import write_env_file
from service_devkit.workflow.files import replace_whole
from service_devkit.workflow.names import slug
from service_devkit.workflow.registry import Worktree
from service_devkit.workflow.repository import Repository
from service_devkit.workflow.revisions import read_revisions

_STDERR: Final = 2


def prepare(repository: Repository, worktree: Worktree) -> Worktree:
    """Make what is missing; every part may be there already, so it can be run again."""
    root = worktree.root
    write_pointer(repository, worktree)
    own = {"PORT": str(worktree.port)}
    if (root / "compose.yaml").exists():
        own["COMPOSE_PROJECT_NAME"] = compose_project(repository, worktree)
    for name in write_env_file(root, main_root=repository.main_root, own=own):
        say(f"settings: {name} of the main worktree is not taken over: this one has a database of its own")
    say(f"settings: {root / '.env'}, port {worktree.port}")
    run_shown(repository.settings.setup, root, what="environment")
    if has_database(root):
        _provide_database(repository, worktree)
    return repository.registry.change(worktree.name, state="ready")


def has_database(root: Path) -> bool:
    """Whether the service of a worktree uses one."""
    return has_hook(root, "database-settings")


def write_pointer(repository: Repository, worktree: Worktree) -> None:
    """Say in the worktree which database is its own."""
    found = {"cluster": str(cluster_folder(repository.main_root)), "database": worktree.database}
    replace_whole(worktree.root / SHARED, json.dumps(found) + "\n")


def cluster_of(repository: Repository) -> DevelopmentCluster:
    """The server of the main worktree, which has the databases of all."""
    return DevelopmentCluster(cluster_folder(repository.main_root))


def compose_project(repository: Repository, worktree: Worktree) -> str:
    """What Compose calls the containers of a worktree."""
    return f"{slug(repository.main_root.name)}-{worktree.name}"


def run_shown(command: str, folder: Path, *, what: str) -> None:
    """Run a line of a shell; its output is for people.

    Raises:
        Refused: it failed.
    """
    started = time.monotonic()
    output = _STDERR if progress_to_stderr() else None
    sys.stdout.flush()
    done = subprocess.run(["sh", "-c", command], cwd=folder, env=environment_for(folder), stdout=output, check=False)  # noqa: S603, S607 - the service's own setting
    if done.returncode:
        raise Refused(
            f"{what}: `{command}` ended with status {done.returncode} in {folder}",
            then="read what it says above, then run the command again",
        )
    say(f"{what}: {command} ({time.monotonic() - started:.1f} s)")


def environment_for(folder: Path) -> Mapping[str, str]:
    """An environment in which commands take the folder's own virtual environment, settings and packages."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if name not in {"VIRTUAL_ENV", "PYTHONPATH", "PORT", "COMPOSE_PROJECT_NAME"}
    }
    if Path(ours.get("UV_PROJECT_ENVIRONMENT", "")).is_absolute():
        del ours["UV_PROJECT_ENVIRONMENT"]
    return {**ours, "PWD": str(folder)}


def forget_database(repository: Repository, worktree: Worktree) -> None:
    """Delete the database; nothing happens where it is gone, or never was.

    Raises:
        NoPostgresError: somebody uses it.
    """
    if not (cluster_folder(repository.main_root) / "data").exists():
        return
    with cluster_of(repository) as cluster:
        drop(cluster, worktree.database)


def _provide_database(repository: Repository, worktree: Worktree) -> None:
    started = time.monotonic()
    with cluster_of(repository) as cluster:
        made = copy_to(cluster, worktree.database)
        applied = revisions_of(cluster, worktree.database)
        known = {each.id for each in read_revisions(worktree.root)}
        unknown = sorted({*applied} - known)
        if unknown and worktree.state != "ready":
            replace_by_empty(cluster, worktree.database)
    took = f"({time.monotonic() - started:.1f} s)"
    if unknown:
        say(
            f"database: {worktree.database}, empty: the data of the main worktree stand on revision {unknown[0]}, which is not in {worktree.base} {took}"
        )
    else:
        say(
            f"database: {worktree.database}, {'with the data of the main worktree' if made else 'kept as it is'} {took}"
        )
