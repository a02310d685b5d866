"""`devkit regenerate-migration`: the last migration of a branch, written again from the models."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from service_devkit.workflow.command import Refused, Result, WorkflowCommand, say
from service_devkit.workflow.files import waiting
from service_devkit.workflow.migrations import revisions_at
from service_devkit.workflow.place import environment_for
from service_devkit.workflow.repository import Repository, find_repository
from service_devkit.workflow.revisions import VERSIONS, Revision, heads, read_revisions
from service_devkit.workflow.settle import migrate_down

_STDERR = 2


@click.command("regenerate-migration", cls=WorkflowCommand)
@click.option("--dry-run", is_flag=True, help="Say which migration it is, and change nothing.")
def regenerate_migration(dry_run: bool) -> Result:
    """Write the last migration of this branch again, after the models changed: same id, same message, same parent.

    The development database goes back to before it, and forward again. A migration that is on the main branch is never touched. What was written in it
    by hand is in the copy that the output names.
    """
    repository = find_repository()
    root = repository.root
    kept = root / ".dev" / "regenerating"
    with waiting(repository.private("migration.lock")):
        for each in kept.glob("*.py"):  # killed before the new one was written
            each.replace(root / VERSIONS / each.name)
        found = _last(repository)
        path = root / found.path
        message = _message(path)
        if dry_run:
            return Result({"dry_run": True, "migration": found.path}, [f"would write {found.path} again: {message}"])
        if migrate_down(root, next(iter(found.parents), "base")).returncode:
            raise Refused(
                "the development database cannot go back to before it",
                then="correct its downgrade, or devkit reset-database and just migrate, then run the command again",
            )
        made = _write(root, found, message, kept)
        copy = kept.parent / path.name
        (kept / path.name).replace(copy)
        _run(root, [sys.executable, "-m", "app", "migrate"], what="the new migration fails")
    lines = [f"{made} is written again; the one before is {copy.relative_to(root)}", "Next: read it, then just gate migrations"]  # fmt: skip
    return Result({"dry_run": False, "migration": made, "before": str(copy)}, lines)


def _last(repository: Repository) -> Revision:
    ours = read_revisions(repository.root)
    ends = heads(ours)
    if len(ends) != 1:
        raise Refused(f"there are {len(ends)} heads: {', '.join(ends)}", then="put one behind the other: down_revision")
    found = next(each for each in ours if each.id == ends[0])
    on_main = revisions_at(repository.git, repository.settings.main, repository.service.as_posix())
    if found.id in {each.id for each in on_main}:
        raise Refused(f"{found.path} is on {repository.settings.main}", then='just migration "..." adds a new one')
    return found


def _message(path: Path) -> str:
    """What it was made with: the first line of its docstring."""
    found = re.match(r'"""(.*?)\.?(?:"""|\n)', path.read_text(encoding="utf-8"))
    return found[1] if found and found[1] else path.stem.rpartition("_")[2]


def _write(root: Path, found: Revision, message: str, kept: Path) -> str:
    """The new file; the old one is back where that fails."""
    path = root / found.path
    kept.mkdir(parents=True, exist_ok=True)
    before = {*(root / VERSIONS).glob("*.py")} - {path}
    path.replace(kept / path.name)
    command = ["alembic", "revision", "--autogenerate", "--message", message, "--rev-id", found.id]
    try:
        _run(root, [sys.executable, "-m", *command], what="alembic cannot compare the models")
    except Refused:
        (kept / path.name).replace(path)
        raise
    (made,) = {*(root / VERSIONS).glob("*.py")} - before
    if made != path:
        made = made.replace(path)  # the day and the words in its name stay
    return made.relative_to(root).as_posix()


def _run(root: Path, command: Sequence[str], *, what: str) -> None:
    whole = [sys.executable, "-m", "service_devkit", "exec", "--", *command]
    done = subprocess.run(whole, cwd=root, env=environment_for(root), stdin=subprocess.DEVNULL, stdout=_STDERR, check=False)  # fmt: skip # noqa: S603 - our own command
    if done.returncode:
        raise Refused(f"{what}: {' '.join(command[1:4])} ended with status {done.returncode}", then="correct what it says above, then run the command again")  # fmt: skip
    say(f"ran: {' '.join(command[1:4])}")
