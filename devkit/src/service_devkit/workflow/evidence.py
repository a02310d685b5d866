"""What shows that a task is done: its commits, red and green run again, and the coverage."""

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Final

from service_devkit.workflow.command import Refused
from service_devkit.workflow.files import waiting
from service_devkit.workflow.notes import Commit, Entry, last_coverage
from service_devkit.workflow.place import environment_for
from service_devkit.workflow.red import failing_at, passing_at, throw_away
from service_devkit.workflow.tasks import Task, proof_of
from service_devkit.workflow.tracker import Read, Tracker

_MOST: Final = 100


def tried(tracker: Tracker, read: Read, entry: Entry, *, wanted: Sequence[str]) -> Entry:
    """The entry with what its tests did when they were run again.

    A task of tests needs a red commit. What makes a route or rules must make the tests pass that were written for it; any other task whose commits
    have a red one, those.
    """
    task = entry.task
    red = [each for each in entry.commits if each.phase == "red"]
    is_test = task.phase == "Tests"
    if is_test and not red:
        raise Refused(
            f"{task.id} writes a failing test, and none of its commits is test(red): ...",
            then="commit the test alone, as test(red): ..., and name that commit",
        )
    if task.phase == "Implementation" and not any(each.phase in {"green", "refactor"} for each in entry.commits):
        raise Refused(
            f"none of the commits of {task.id} is feat(green): ... or refactor: ...",
            then="name the commit that makes it, or git commit --amend its message",
        )
    known = _known(read, task) if not red else None
    if known is None and not red:
        return entry
    with waiting(tracker.repository.private("tried.lock")), throw_away(tracker.repository, tracker.name) as place:
        for each in known.commits if known else ():
            _refuse_lost(tracker, each, task)
        failed = [
            node
            for each in (known.commits if known else red)
            if each.phase == "red"
            for node in failing_at(place, each.commit, known.tests if known else wanted)
        ]
        if is_test:
            return replace(entry, tests=failed)
        passed = passing_at(place, tracker.repository.git("rev-parse", "HEAD"), failed)
    return replace(entry, tests=failed, passed=passed)


def _known(read: Read, task: Task) -> Entry | None:
    """What was noted of the task that wrote the tests of this one."""
    proof = proof_of(task, read.tasks)
    if proof is None:
        return None
    found = read.entry(proof)
    if found is None or found.event != "done":
        raise Refused(
            f"{task.id} has no test: {proof.id} was not done by devkit task",
            then=f"devkit task done {proof.id}, with the commit of the failing test",
        )
    return found


def _refuse_lost(tracker: Tracker, commit: Commit, task: Task) -> None:
    if not tracker.repository.git.is_ancestor(commit.commit, "HEAD"):
        raise Refused(
            f"{commit.commit[:9]}, the red commit of {task.id}, is no longer on this branch",
            then="name the one that took its place: --commit",
        )


def coverage_of(
    tracker: Tracker, read: Read, commits: Sequence[Commit], given: str | None
) -> tuple[Decimal, Decimal | None]:
    """Coverage in percent, and how far it is from the one noted before.

    Raises:
        Refused: nobody has measured it since the last commit, or it is no percentage.
    """
    text = given if given is not None else _measured(tracker, commits)
    try:
        found = Decimal(text.strip().removesuffix("%").strip())
    except InvalidOperation:
        found = Decimal(-1)
    if not (found.is_finite() and 0 <= found <= _MOST):
        raise Refused(f"{text.strip()!r} is no coverage in percent", then="--coverage 95.2")
    before = last_coverage(read.notes)
    return found, None if before is None else found - before


def _measured(tracker: Tracker, commits: Sequence[Commit]) -> str:
    root, settings = tracker.repository.root, tracker.repository.settings
    data = root / ".coverage"
    then = "run the tests with coverage (just gate tests), or --coverage PERCENT"
    if not data.exists():
        raise Refused("the coverage was not measured", then=then)
    newest = max(int(tracker.repository.git("log", "-1", "--format=%ct", each.commit)) for each in commits)
    if data.stat().st_mtime < newest:
        raise Refused("the coverage was measured before the last of these commits", then=then)
    done = subprocess.run(  # noqa: S603 - the service's own setting
        ["sh", "-c", settings.coverage],  # noqa: S607 - sh from PATH
        cwd=root,
        env=environment_for(root),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or done.stderr
