"""Main is moved forward to a finished branch: pushed where there is a remote, never forced, then moved here."""

from pathlib import Path

import psutil

from service_devkit.workflow.command import Refused, say
from service_devkit.workflow.git import Git
from service_devkit.workflow.repository import Repository


def target(repository: Repository, *, remote: bool) -> str:
    """The commit of main to merge: of the remote, where that is newer.

    Raises:
        Refused: the remote does not answer, or the two have gone different ways.
    """
    git, settings = repository.main_git, repository.settings
    ours = git.commit(f"refs/heads/{settings.main}")
    if ours is None:
        raise Refused(
            f"there is no branch {settings.main}",
            then="name the main branch in [tool.devkit.workflow] of pyproject.toml: main",
        )
    if not remote:
        return ours
    done = git.run("fetch", "--quiet", settings.remote)
    if done.returncode:
        said = " ".join(done.stderr.split())
        raise Refused(
            f"git fetch {settings.remote} failed: {said}",
            then="devkit finish --resume when it answers, or devkit finish --no-push",
        )
    theirs = git.commit(f"refs/remotes/{settings.remote}/{settings.main}") or ours
    if git.is_ancestor(theirs, ours):
        return ours
    if git.is_ancestor(ours, theirs):
        return theirs
    raise Refused(
        f"{settings.main} and {settings.remote}/{settings.main} have gone different ways",
        then=f"git switch {settings.main} && git pull --rebase, then devkit finish --resume",
    )


def has_remote(repository: Repository) -> bool:
    """Whether there is a remote to push to."""
    return repository.settings.remote in repository.main_git.lines("remote")


def push(repository: Repository, commit: str, branch: str) -> str | None:
    """Move a branch of the remote forward. Returns what git says where it refuses."""
    git, remote = repository.main_git, repository.settings.remote
    done = git.run("push", "--quiet", remote, f"{commit}:refs/heads/{branch}")
    if done.returncode:
        return " ".join(done.stderr.split())
    say(f"push: {branch} to {remote}")
    return None


def refuse_changes_in_the_way(repository: Repository, commit: str) -> None:
    """Refuse where main is checked out with changes to files that the move would replace."""
    place = place_of_main(repository)
    if place is None:
        return
    changed = {*place.changes()}
    moved = {*place.lines("diff", "--name-only", "HEAD", commit)}
    if in_the_way := sorted(changed & moved):
        raise Refused(
            f"{place.folder} has changes to files of this branch",
            then="commit or stash them there, then devkit finish --resume",
            details=in_the_way[:10],
        )


def move_main(repository: Repository, commit: str, *, interrupted: bool) -> None:
    """Fast-forward main here, and the files of the worktree that has it checked out."""
    main = repository.settings.main
    place = place_of_main(repository)
    if place is None:
        old = repository.main_git("rev-parse", f"refs/heads/{main}")
        repository.main_git("update-ref", "-m", "devkit finish", f"refs/heads/{main}", commit, old)
        return
    if interrupted and not place.ok("merge", "--quiet", "--ff-only", commit):
        put_leftovers_aside(place)
    place("merge", "--quiet", "--ff-only", commit)


def place_of_main(repository: Repository) -> Git | None:
    """git in the worktree that has main checked out."""
    for block in repository.main_git("worktree", "list", "--porcelain").split("\n\n"):
        lines = block.splitlines()
        if f"branch refs/heads/{repository.settings.main}" in lines:
            return Git(Path(lines[0].removeprefix("worktree ")))
    return None


def put_leftovers_aside(git: Git) -> None:
    """What a git that was killed left: its lock goes, half-written files go to the stash, so nothing of anybody is lost.

    Raises:
        Refused: a git still works there.
    """
    if any(_works_in(process, git.folder) for process in psutil.process_iter(["name", "cwd"])):
        raise Refused(f"git still works in {git.folder}", then="wait for its end, then devkit finish --resume")
    Path(git("rev-parse", "--path-format=absolute", "--git-path", "index.lock")).unlink(missing_ok=True)
    if git.changes():
        git("stash", "push", "--quiet", "--include-untracked", "--message", "devkit: left by an interrupted finish")
        say(f"stash: what the interruption left in {git.folder} is in git stash list")


def _works_in(process: psutil.Process, folder: Path) -> bool:
    cwd = process.info["cwd"]
    return process.info["name"] == "git" and cwd is not None and Path(cwd) == folder
