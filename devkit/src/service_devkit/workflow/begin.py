"""`devkit start`: a branch, and a worktree in which to work on it."""

import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

import click

from service_devkit.workflow.command import Refused, Result, WorkflowCommand, say
from service_devkit.workflow.files import replace_whole, without_waiting
from service_devkit.workflow.names import HOTFIX, database_of, parse_branch
from service_devkit.workflow.place import prepare
from service_devkit.workflow.plans import FILES, unanswered
from service_devkit.workflow.registry import Worktree, free_block
from service_devkit.workflow.repository import Repository, find_repository
from service_devkit.workflow.specs import FOLDER as SPECS, write_spec

FOLDER: Final = ".worktrees"


@click.command(cls=WorkflowCommand)
@click.argument("branch", metavar="KIND/NAME")
@click.argument("title", default="")
@click.option(
    "--from",
    "base",
    metavar="REF",
    help="Start from this commit, tag or branch.  [default: the latest stable tag of main, or main]",
)
@click.option(
    "--hotfix", is_flag=True, help="A hotfix/NAME from the latest stable tag anywhere; finish then runs fewer gates."
)
@click.option(
    "--full",
    is_flag=True,
    help="Begin with a design note, specs/NNN-NAME/design.md: tasks and finish wait for the answers to its questions.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be made, and make nothing.")
def start(branch: str, title: str, *, base: str | None, hotfix: bool, full: bool, dry_run: bool) -> Result:
    """Start work: a branch, and in .worktrees/NAME a worktree with environment, port, .env and a database with data.

    KIND/NAME is feature/NAME, fix/NAME or refactor/NAME; TITLE becomes the title of the pull request. Interrupted? Run it again.

    \b
    devkit start feature/bookings "Bookings of rooms"
    devkit start fix/late-mail --from main
    devkit start hotfix/crash --hotfix
    devkit start feature/payments "Payments by card" --full
    """
    repository = find_repository()
    kind, name = parse_branch(branch, hotfix=hotfix)
    with without_waiting(repository.lock_of(name), what=name):
        planned = repository.registry.get(name) or _plan(
            repository, branch, kind=kind, title=title, base=base, name=name
        )
        if not (full and planned.state == "ready"):
            _refuse_taken(repository, planned, branch)
        if dry_run:
            return Result(
                {"dry_run": True, **asdict(planned)},
                [
                    f"would make {planned.path} on {branch} from {planned.base}, port {planned.port}, database {planned.database}"
                ],
            )
        made = planned if planned.state == "ready" else _make(repository, planned)
        if full:
            return _with_design_note(repository, made)
    lines = [
        f"{made.branch} is at {made.path}, started from {made.base}",
        f"Next: cd {made.root}, and when it is done: devkit finish",
    ]
    return Result(asdict(made), lines)


def _with_design_note(repository: Repository, made: Worktree) -> Result:
    """The worktree begins with questions; run again, it says which are open."""
    there = replace(repository, top=Path(made.path))
    folder = next(iter((there.root / SPECS).glob(f"[0-9]*-{made.name}")), None)
    if folder is None or not (folder / "design.md").exists():
        folder, _ = write_spec(there, made.name, made.title, files=list(FILES), design=True, dry_run=False)
    note = folder / "design.md"
    facts = {**asdict(made), "design_note": str(note), "waits_for": [*unanswered(note)]}
    then = (
        f"answer its {len(facts['waits_for'])} questions and git commit; then devkit tasks"
        if facts["waits_for"]
        else "devkit tasks"
    )
    return Result(
        facts,
        [
            f"{made.branch} is at {made.path}, started from {made.base}",
            f"design: {note}",
            f"Next: cd {made.root}, {then}",
        ],
    )


def _plan(repository: Repository, branch: str, *, kind: str, title: str, base: str | None, name: str) -> Worktree:
    """What to make, if it may be made."""
    git, settings = repository.git, repository.settings
    # Somebody who starts at the same time may not have hidden the folder yet.
    if changed := [each for each in git.changes() if not each.startswith(f"{FOLDER}/")]:
        raise Refused(
            f"{repository.top} has changes that are not committed",
            then="git commit or git stash, then run the command again",
            details=changed[:10],
        )
    if not git.has_branch(settings.main):
        raise Refused(
            f"there is no branch {settings.main}",
            then="name the main branch in [tool.devkit.workflow] of pyproject.toml: main",
        )
    chosen = base or _newest(repository, anywhere=kind == HOTFIX) or settings.main
    commit = git.commit(chosen)
    if commit is None:
        raise Refused(f"{chosen} is no commit", then="git fetch --tags, or name another with --from")
    return Worktree(
        name=name,
        branch=branch,
        path=str(repository.main_top / FOLDER / name),
        service=repository.service.as_posix(),
        port=free_block(repository.registry.read(), settings.first_port),
        database=database_of(name),
        base=chosen,
        commit=commit,
        kind=kind,
        title=title or name.replace("-", " ").capitalize(),
        state="planned",
    )


def _newest(repository: Repository, *, anywhere: bool) -> str | None:
    """The latest stable tag: of main, or for a hotfix of any release branch too."""
    on = [repository.settings.main]
    if anywhere:
        on += repository.git.lines(
            "for-each-ref",
            "--format=%(refname:short)",
            "refs/heads/release/",
            f"refs/remotes/{repository.settings.remote}/release/",
        )
    found = [tag for each in on if (tag := repository.last_release(on=each))]
    order = repository.git.lines("tag", "--list", "--sort=version:refname")
    return max(found, key=order.index) if found else None


def _refuse_taken(repository: Repository, planned: Worktree, branch: str) -> None:
    if planned.branch != branch:
        raise Refused(
            f"the name {planned.name} is taken by {planned.branch}", then=f"choose another name, as {branch}-2"
        )
    if planned.state == "ready":
        raise Refused(
            f"{branch} is started already, at {planned.path}",
            then=f"cd {planned.path}; or devkit worktree remove {planned.name}",
        )
    if planned.state == "planned" and repository.git.has_branch(branch):
        raise Refused(
            f"the branch {branch} exists",
            then=f"choose another name, or make a worktree of it: git worktree add {FOLDER}/{planned.name} {branch}, and in it devkit worktree init",
        )
    if planned.state == "planned" and Path(planned.path).exists():
        raise Refused(f"{planned.path} exists", then="choose another name, or remove that folder")


def _make(repository: Repository, planned: Worktree) -> Worktree:
    registry = repository.registry
    if planned.state == "planned":
        planned = registry.add(lambda there: _registered(repository, planned, there))
    if planned.state == "adding":
        _remove_unfinished(repository, planned)
        _add(repository, planned)
        planned = registry.change(planned.name, state="preparing")
    return prepare(repository, planned)


def _registered(repository: Repository, planned: Worktree, there: Sequence[Worktree]) -> Worktree:
    """Under the lock, as two may be started at once: the port may be taken by now."""
    return replace(planned, port=free_block(there, repository.settings.first_port), state="adding")


def _add(repository: Repository, planned: Worktree) -> None:
    hide(repository.main_top / FOLDER)
    repository.main_git("worktree", "add", "--quiet", "-b", planned.branch, planned.path, planned.commit)
    say(f"worktree: {planned.path}, {planned.branch} from {planned.base}")


def hide(folder: Path) -> None:
    """Hide the folder of worktrees from git and from every tool that asks git, without a line in the service."""
    if not (folder / ".gitignore").exists():  # written once and whole: others may be asking git just now
        replace_whole(folder / ".gitignore", "*\n")


def _remove_unfinished(repository: Repository, planned: Worktree) -> None:
    """What a start left that was killed while git made the worktree: nobody has worked there."""
    git = repository.main_git
    git.run("worktree", "remove", "--force", "--force", planned.path)
    shutil.rmtree(planned.path, ignore_errors=True)
    git.run("worktree", "unlock", planned.path)
    git("worktree", "prune")
    if git.commit(f"refs/heads/{planned.branch}") == planned.commit:
        git("branch", "--quiet", "-D", planned.branch)
