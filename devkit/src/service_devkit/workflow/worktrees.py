"""`devkit worktree`: the places in which changes are made, one for each."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import click

from service_devkit.database import SHARED, cluster_folder, shared_cluster
from service_devkit.postgres.binaries import NoPostgresError
from service_devkit.postgres.copies import drop, names_of
from service_devkit.workflow.command import Refused, Result, WorkflowCommand, say
from service_devkit.workflow.files import without_waiting
from service_devkit.workflow.git import Git
from service_devkit.workflow.names import database_of, slug
from service_devkit.workflow.place import cluster_of, compose_project, forget_database, has_database, prepare
from service_devkit.workflow.registry import Worktree, free_block
from service_devkit.workflow.repository import Repository, find_repository


@click.group()
def worktree() -> None:
    """Work on several changes at once: each in a worktree with its own environment, port and database."""


@worktree.command(cls=WorkflowCommand)
@click.option("--dry-run", is_flag=True, help="Say what would be made, and make nothing.")
def init(dry_run: bool) -> Result:
    """Make a complete place of the worktree that you stand in, whichever tool made it. Run it again after an interruption, or after it was moved."""
    repository = find_repository()
    if repository.top == repository.main_top:
        raise Refused("this is the main worktree, which is complete by itself", then="devkit start feature/NAME")
    branch = repository.git("branch", "--show-current")
    if not branch:
        raise Refused("no branch is checked out here", then="git switch -c feature/NAME")
    planned = repository.here() or _of_branch(repository, branch) or _plan(repository, branch)
    if dry_run:
        return Result(
            {"dry_run": True, **asdict(planned)},
            [f"would give {planned.path} the port {planned.port} and the database {planned.database}"],
        )
    with without_waiting(repository.lock_of(planned.name), what=planned.name):
        if planned.state == "planned":
            planned = repository.registry.add(lambda there: _unique(repository, planned, [*there]))
        made = prepare(repository, planned)
    return Result(
        asdict(made),
        [f"{made.branch} is complete at {made.path}", "Next: just dev, and when it is done: devkit finish"],
    )


@worktree.command("list", cls=WorkflowCommand)
def list_() -> Result:
    """List the worktrees of this repository, with their ports and databases."""
    repository = find_repository()
    found = [{**asdict(each), "status": _status(repository, each)} for each in repository.registry.read()]
    rows = [
        (str(each["name"]), str(each["branch"]), str(each["port"]), str(each["database"]), str(each["status"]))
        for each in found
    ]
    return Result(
        {"worktrees": found},
        [*_table([("NAME", "BRANCH", "PORT", "DATABASE", "STATUS"), *rows])]
        if rows
        else ["no worktree yet: devkit start feature/NAME"],
    )


@worktree.command(cls=WorkflowCommand)
@click.argument("name", required=False)
@click.option(
    "--force",
    is_flag=True,
    help="Also with changes that are not committed, or commits that are not on main: they are lost.",
)
@click.option("--keep-branch", is_flag=True, help="Leave the branch.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
def remove(name: str | None, force: bool, keep_branch: bool, dry_run: bool) -> Result:
    """Remove a worktree with its database, containers and branch: NAME, or the one that you stand in."""
    repository = find_repository()
    found = repository.worktree(name)
    with without_waiting(repository.lock_of(found.name), what=found.name):
        if not force:
            refuse_loss(repository, found, keep_branch=keep_branch)
        if dry_run:
            return Result(
                {"dry_run": True, **asdict(found)},
                [
                    f"would remove {found.path}, the database {found.database}"
                    + ("" if keep_branch else f" and the branch {found.branch}")
                ],
            )
        clean_up(repository, found, keep_branch=keep_branch)
    return Result(asdict(found), [f"{found.name} is removed. Next: cd {repository.main_root}"])


@worktree.command(cls=WorkflowCommand)
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
def prune(dry_run: bool) -> Result:
    """Forget the worktrees whose folders were deleted by hand, and delete their databases. Branches stay."""
    repository = find_repository()
    gone = [each for each in repository.registry.read() if not Path(each.path).exists() and each.state != "adding"]
    for each in [] if dry_run else gone:
        with without_waiting(repository.lock_of(each.name), what=each.name):
            clean_up(repository, each, keep_branch=True)
    orphans = [] if dry_run else _drop_orphans(repository)
    verb = "would be forgotten" if dry_run else "is forgotten"
    lines = [f"{each.name} {verb}; its branch {each.branch} stays" for each in gone] + [
        f"the database {each} belonged to nobody" for each in orphans
    ]
    return Result(
        {"pruned": [each.name for each in gone], "databases": orphans, "dry_run": dry_run},
        lines or ["nothing to forget"],
    )


@worktree.command(cls=WorkflowCommand)
def doctor() -> Result:
    """Say what is wrong with the worktrees, and how to fix it. Exit status 1 where something is."""
    repository = find_repository()
    found = [line for each in repository.registry.read() for line in _problems(repository, each)]
    if found:
        raise Refused(f"{len(found)} problems", then="what stands behind each", details=found)
    return Result({"problems": []}, [f"{len(repository.registry.read())} worktrees, nothing wrong"])


def refuse_loss(repository: Repository, found: Worktree, *, keep_branch: bool) -> None:
    """Refuse to remove what is nowhere else."""
    there = Path(found.path)
    then = f"commit it, or devkit worktree remove {found.name} --force"
    if there.exists() and (changed := Git(there).changes()):
        raise Refused(f"{there} has changes that are not committed", then=then, details=changed[:10])
    main = repository.settings.main
    if (
        keep_branch
        or not repository.main_git.has_branch(found.branch)
        or repository.main_git.is_ancestor(found.branch, main)
    ):
        return
    lost = repository.main_git.lines("log", "--oneline", f"{main}..{found.branch}")
    raise Refused(
        f"{found.branch} has {len(lost)} commits that are not on {main}",
        then=f"devkit finish {found.name}, or --keep-branch, or --force",
        details=lost[:10],
    )


def clean_up(repository: Repository, found: Worktree, *, keep_branch: bool) -> None:
    """Remove database, containers, folder, branch and the entry, in this order; each may be gone already."""
    git = repository.main_git
    forget_database(repository, found)
    _remove_containers(repository, found)
    git.run("worktree", "remove", "--force", "--force", found.path)
    shutil.rmtree(found.path, ignore_errors=True)
    git("worktree", "prune")
    if not keep_branch and git.has_branch(found.branch):
        git("branch", "--quiet", "-D", found.branch)
    (repository.state_folder / f"finish-{found.name}.json").unlink(missing_ok=True)
    repository.registry.remove(found.name)


def _remove_containers(repository: Repository, found: Worktree) -> None:
    if not (found.root / "compose.yaml").exists() or not (docker := shutil.which("docker")):
        return
    project = compose_project(repository, found)
    if subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:  # noqa: S603 - docker from PATH
        return  # without Compose nothing was started
    command = [docker, "compose", "--project-name", project, "down", "--volumes", "--remove-orphans"]
    done = subprocess.run(command, cwd=found.root, capture_output=True, text=True, check=False)  # noqa: S603 - docker from PATH
    say(
        f"containers: {project} removed"
        if done.returncode == 0
        else f"containers: {project} may be left: {done.stderr.strip()[:200]}"
    )


def _of_branch(repository: Repository, branch: str) -> Worktree | None:
    """A registered worktree of this branch: it was moved here."""
    found = next((each for each in repository.registry.read() if each.branch == branch), None)
    return found and repository.registry.change(found.name, path=str(repository.top))


def _plan(repository: Repository, branch: str) -> Worktree:
    name = slug(branch.rpartition("/")[2])
    main = repository.settings.main
    base = repository.git.run("merge-base", "HEAD", main).stdout.strip()
    return Worktree(
        name=name,
        branch=branch,
        path=str(repository.top),
        service=repository.service.as_posix(),
        port=free_block(repository.registry.read(), repository.settings.first_port),
        database=database_of(name),
        base=main,
        commit=base,
        kind=branch.partition("/")[0],
        title=name.replace("-", " ").capitalize(),
        state="planned",
    )


def _unique(repository: Repository, planned: Worktree, there: list[Worktree]) -> Worktree:
    """The name, or the name with a number."""
    taken = {each.name for each in there}
    names = (planned.name, *(f"{planned.name[:36]}-{number}" for number in range(2, 1000)))
    name = next(each for each in names if each not in taken)
    port = free_block(there, repository.settings.first_port)
    return replace(planned, name=name, database=database_of(name), port=port, state="preparing")


def _status(repository: Repository, each: Worktree) -> str:
    if not Path(each.path).exists():
        return "folder is gone"
    if each.state != "ready":
        return "unfinished"
    main = repository.settings.main
    if not repository.main_git.has_branch(each.branch):
        return "branch is gone"
    ahead, behind = (
        repository.main_git("rev-list", "--count", span)
        for span in (f"{main}..{each.branch}", f"{each.branch}..{main}")
    )
    return f"{ahead} ahead, {behind} behind {main}"


def _problems(repository: Repository, each: Worktree) -> Iterator[str]:
    if not Path(each.path).exists():
        yield f"{each.name}: {each.path} is gone: devkit worktree prune, or in its new place devkit worktree init"
        return
    if each.state != "ready":
        yield f"{each.name}: was interrupted: " + (
            "devkit start " + each.branch if each.state == "adding" else f"cd {each.root} && devkit worktree init"
        )
    if not (each.root / ".env").exists():
        yield f"{each.name}: has no .env: cd {each.root} && devkit worktree init"
    yield from _problems_of_database(repository, each)


def _problems_of_database(repository: Repository, each: Worktree) -> Iterator[str]:
    try:
        pointed = shared_cluster(each.root)
    except NoPostgresError as error:
        yield f"{each.name}: {error.message}"
        return
    if pointed != (cluster_folder(repository.main_root), each.database):
        yield f"{each.name}: {SHARED} names another database: cd {each.root} && devkit worktree init"


def _drop_orphans(repository: Repository) -> list[str]:
    """Delete the databases that no worktree has: a worktree was removed while the server could not be asked."""
    if not has_database(repository.main_root) or not (cluster_folder(repository.main_root) / "data").exists():
        return []
    owned = {each.database for each in repository.registry.read()}
    with cluster_of(repository) as cluster:
        orphans = [name for name in names_of(cluster) if name.startswith("dev_") and name not in owned]
        for name in orphans:
            drop(cluster, name)
    return orphans


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
