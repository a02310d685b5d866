"""What a merge needs before it is committed: one head of migrations, the lock file, imports in order."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from service_devkit.postgres.copies import copy_to, drop, revisions_of
from service_devkit.workflow.command import Refused, say
from service_devkit.workflow.git import Git
from service_devkit.workflow.migrations import move, needed_move, revisions_at
from service_devkit.workflow.place import cluster_of, environment_for, has_database
from service_devkit.workflow.registry import Worktree
from service_devkit.workflow.repository import Repository
from service_devkit.workflow.revisions import Revision, read_revisions

# The worktree's own, whatever the shell or `.env` says.
_OWN_DATABASE: Final = {"DATABASE_URL": "", "DIRECT_URL": ""}


def settle(git: Git, root: Path, *, main: str, service: str, resolved: Sequence[str]) -> str:
    """Change the files so that the merge is whole, and add them. Returns the migration that was moved, empty where none was."""
    moved = needed_move(read_revisions(root), revisions_at(git, main, service))
    if moved:
        path = move(root, moved)
        git("add", "--", str(path))
        say(f"migration: {moved.revision.path} follows {moved.new} now, the head of main; before it was {moved.old}")
    _sort_imports(git, [name for name in resolved if name.endswith(".py")])
    _lock_again(git, root, main)
    return moved.revision.path if moved else ""


def _sort_imports(git: Git, names: Sequence[str]) -> None:
    paths = [str(git.folder / name) for name in names if (git.folder / name).exists()]
    if not paths:
        return
    for arguments in (["check", "--fix-only", "--quiet", "--select", "I"], ["format", "--quiet"]):
        subprocess.run(  # noqa: S603 - the gates say what is wrong
            [sys.executable, "-m", "ruff", *arguments, "--", *paths], cwd=git.folder, capture_output=True, check=False
        )
    git("add", "--", *paths)


def _lock_again(git: Git, root: Path, main: str) -> None:
    """Both sides changed what uv wrote: it is written again from the merged requirements."""
    lock = root / "uv.lock"
    if not lock.exists() or not _both_changed(git, lock, main):
        return
    done = subprocess.run(
        ["sh", "-c", '"${UV:-uv}" lock --quiet'],  # noqa: S607 - as in justfile
        cwd=root,
        env=environment_for(root),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Refused(
            f"uv lock failed: {done.stderr.strip()[-300:]}",
            then=f"cd {root}, uv lock, git add uv.lock, then devkit finish --resume",
        )
    git("add", "--", str(lock))
    say("lock: uv.lock is written again from the requirements of both")


def _both_changed(git: Git, path: Path, main: str) -> bool:
    base = git("merge-base", "HEAD", main)
    return all(not git.ok("diff", "--quiet", base, commit, "--", str(path)) for commit in ("HEAD", main))


def take_back(repository: Repository, worktree: Worktree, main: str) -> None:
    """Before migrations of the branch are put behind those of main: the worktree's database goes back to before them.

    Otherwise it would stand behind revisions that it has never seen. Where it cannot go back, it becomes a new copy of main's.
    """
    root = worktree.root
    ours = read_revisions(root)
    moved = needed_move(ours, revisions_at(repository.git, main, worktree.service))
    if not moved or not has_database(root):
        return
    with cluster_of(repository) as cluster:
        applied = {*revisions_of(cluster, worktree.database)}
        if not applied & {each.id for each in _behind(moved.revision, ours)}:
            return
        if migrate_down(root, moved.old or "base").returncode == 0:
            say(f"database: {worktree.database} went back to {moved.old}; just dev takes it forward again")
            return
        drop(cluster, worktree.database)
        copy_to(cluster, worktree.database)
    say(
        f"database: {worktree.database} could not go back to {moved.old}, so it is a new copy of the data of the main worktree"
    )


def _behind(first: Revision, all_of_them: Sequence[Revision]) -> list[Revision]:
    """A revision and those that follow it."""
    found, ids = [first], {first.id}
    while more := [each for each in all_of_them if each.id not in ids and ids & {*each.parents}]:
        found += more
        ids |= {each.id for each in more}
    return found


def migrate_down(root: Path, revision: str) -> "subprocess.CompletedProcess[bytes]":
    """Take the development database of a folder back to a revision."""
    command = [
        sys.executable,
        "-m",
        "service_devkit",
        "exec",
        "--",
        sys.executable,
        "-m",
        "app",
        "migrate",
        "--down-to",
        revision,
    ]
    return subprocess.run(  # noqa: S603 - our own command
        command,
        cwd=root,
        env={**environment_for(root), **_OWN_DATABASE},
        stdin=subprocess.DEVNULL,
        stdout=2,
        check=False,
    )
