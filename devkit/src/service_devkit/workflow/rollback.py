"""Tasks taken back: one commit that reverts theirs and opens them again, made beside the branch and then moved to."""

from collections.abc import Sequence
from dataclasses import dataclass

from service_devkit.workflow.command import Refused
from service_devkit.workflow.files import replace_whole, waiting
from service_devkit.workflow.git import Git
from service_devkit.workflow.journal import changing
from service_devkit.workflow.landing import put_leftovers_aside
from service_devkit.workflow.notes import Entry, with_entry
from service_devkit.workflow.red import throw_away
from service_devkit.workflow.tasks import Task, reopened, written
from service_devkit.workflow.tracker import Read, Tracker, now


@dataclass(frozen=True)
class Taken:
    """What was taken back; `commit` did it."""

    tasks: list[Task]
    reverted: list[str]
    commit: str | None


def roll_back(tracker: Tracker, names: Sequence[str], *, dry_run: bool) -> Taken:
    """Revert the commits of some tasks, newest first, and open the tasks again.

    Raises:
        Refused: something stands on them, the tree has changes, or git cannot revert them.
    """
    git = tracker.repository.git
    moving = tracker.repository.private("rollback")
    if moving.exists():  # killed while git moved the branch
        put_leftovers_aside(git)
        moving.unlink()
    if changed := git.changes():
        raise Refused("there are changes that are not committed", then="git commit, or git stash", details=changed[:10])
    read = tracker.read()
    tasks = [read.task(name) for name in dict.fromkeys(names)]
    reverted = _commits(tracker, read, tasks)
    if dry_run:
        return Taken(tasks, reverted, None)
    with waiting(tracker.repository.private("tried.lock")), throw_away(tracker.repository, tracker.name) as place:
        _revert(place.git, reverted, tracker.paths())
        commit = _commit(tracker, read, place.git, tasks, reverted)
    with changing(tracker.repository):
        replace_whole(moving, commit)
        git("merge", "--quiet", "--ff-only", commit)
        moving.unlink()
    return Taken(tasks, reverted, commit)


def _commits(tracker: Tracker, read: Read, tasks: Sequence[Task]) -> list[str]:
    """The commits of tasks, newest first."""
    names = {each.id for each in tasks}
    if on_them := [
        each.id for each in read.tasks if each.state != "open" and {*each.after} & names and each.id not in names
    ]:
        raise Refused(
            f"{', '.join(on_them)} came after",
            then=f"devkit task rollback {' '.join([*sorted(names), *on_them])}",
        )
    found: list[str] = []
    for each in tasks:
        entry = read.entry(each)
        if entry is None or entry.event != "done":
            raise Refused(f"{each.id} was not done by devkit task", then="git revert its commits, and edit tasks.md")
        found += [one.commit for one in entry.commits]
    for other in read.tasks:
        entry = None if other.id in names else read.entry(other)
        if entry and entry.event == "done" and {one.commit for one in entry.commits} & {*found}:
            raise Refused(
                f"{other.id} has one of these commits too",
                then=f"devkit task rollback {' '.join([*sorted(names), other.id])}",
            )
    order = tracker.repository.git.lines("rev-list", "--topo-order", "HEAD")
    return sorted({*found} & {*order}, key=order.index)


def _revert(git: Git, commits: Sequence[str], own: Sequence[str]) -> None:
    """Revert commits, but for the tracker's own files, which may have been committed with them."""
    for commit in commits:
        done = git.run("revert", "--no-commit", commit)
        conflicts = {*git.lines("diff", "--name-only", "--diff-filter=U")}
        if conflicts - {*own} or (done.returncode and not conflicts):
            said = ", ".join(sorted(conflicts - {*own})) or " ".join(done.stderr.split())
            raise Refused(
                f"{commit[:9]} cannot be reverted: later commits changed the same lines ({said})",
                then=f"git revert {commit[:9]} by hand, then edit tasks.md; nothing was changed",
            )
        git("checkout", "--quiet", "HEAD", "--", *own)


def _commit(tracker: Tracker, read: Read, git: Git, tasks: Sequence[Task], reverted: Sequence[str]) -> str:
    names = [each.id for each in tasks]
    said = f"Reverted: {', '.join(each[:9] for each in reverted)}"
    notes = read.notes
    for each in tasks:
        notes = with_entry(notes, Entry(each, "reopened", now(), said), title=read.plan.title)
    texts = (written(reopened(read.tasks, names), read.plan), notes)
    for name, text in zip(tracker.paths(), texts, strict=True):
        replace_whole(git.folder / name, text)
    git("add", "--all")
    git("commit", "--quiet", "--no-verify", "--message", f"revert: {', '.join(names)}", "--message", said)
    return git("rev-parse", "HEAD")
