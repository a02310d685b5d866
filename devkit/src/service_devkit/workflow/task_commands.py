"""`devkit task`: where the tasks of a specification stand, and what shows it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import click

from service_devkit.workflow.command import Refused, Result, WorkflowCommand
from service_devkit.workflow.evidence import coverage_of, tried
from service_devkit.workflow.notes import Blocker, Entry
from service_devkit.workflow.repository import find_repository
from service_devkit.workflow.rollback import roll_back
from service_devkit.workflow.tasks import Task
from service_devkit.workflow.tracker import Read, Tracker, commits_of, files_of, now

_SPEC = click.option("--spec", metavar="NAME", help="The specification.  [default: the only one of this branch]")
_DRY_RUN = click.option("--dry-run", is_flag=True, help="Check all of it, and change nothing.")


@click.group()
def task() -> None:
    """Keep track of the tasks of a specification: tasks.md and NOTES.md change together."""


@task.command(cls=WorkflowCommand)
@click.argument("name", metavar="T000")
@_SPEC
@_DRY_RUN
def start(name: str, spec: str | None, dry_run: bool) -> Result:
    """Say that a task is being worked on. What comes before it must be done."""
    tracker = Tracker(find_repository(), spec)
    read = tracker.read()
    found = read.task(name)
    _refuse_done(found)
    _refuse_open(read, found)
    if found.state != "started" and not dry_run:
        found = tracker.change(found, state="started", entry=Entry(found, "started", now(), ""))
    then = f'git commit, then devkit task done {found.id} --commit SHA --notes "..." --evidence "..."'
    return Result(
        {**_facts(found, None, []), "dry_run": dry_run}, [f"{found.id} {found.text} in {found.path}", f"Next: {then}"]
    )


@task.command(cls=WorkflowCommand)
@click.argument("name", metavar="T000")
@click.option("--commit", "commits", metavar="SHA", multiple=True, help="A commit of the task; repeat it for each.")
@click.option("--notes", metavar="TEXT", default="", help="What was done, and what the next one should know.")
@click.option("--evidence", metavar="TEXT", default="", help="What shows it: a command and what it printed.")
@click.option(
    "--coverage", metavar="PERCENT", help="[default: what .coverage says, where it is newer than the commits]"
)
@click.option("--test", "tests", metavar="NODE", multiple=True, help="One of the tests of a red commit that are meant.  [default: those it adds or changes]")  # fmt: skip
@_SPEC
@_DRY_RUN
def done(
    name: str,
    *,
    commits: tuple[str, ...],
    notes: str,
    evidence: str,
    coverage: str | None,
    tests: tuple[str, ...],
    spec: str | None,
    dry_run: bool,
) -> Result:
    """Say that a task is done, and show it.

    A task of tests names a commit test(red): its tests are run again there, in a worktree that is thrown away, and must fail by assertion. What makes
    a route or rules must let those tests pass at HEAD; so must any task whose commits have a red one.

    \b
    devkit task done T004 --commit 1a2b3c4 --notes "One page, newest first" --evidence "just test: 1 failed" --coverage 95.2
    """
    tracker = Tracker(find_repository(), spec)
    read = tracker.read()
    found = read.task(name)
    for option, given in (("--notes", notes.strip()), ("--evidence", evidence.strip()), ("--commit", commits)):
        if not given:
            raise Refused(f"{found.id} is not done without {option}", then=f"devkit task done {found.id} {option} ...")
    listed = commits_of(tracker.repository, commits)
    before = read.entry(found)
    if found.done and before and [each.commit for each in before.commits] == [each.commit for each in listed]:
        return Result(
            _facts(found, before, files_of(tracker.repository, listed)),
            [f"{found.id} is done already, by these commits"],
        )
    _refuse_done(found)
    _refuse_open(read, found)
    percent, difference = coverage_of(tracker, read, listed, coverage)
    entry = Entry(found, "done", now(), notes.strip(), evidence.strip(), percent, difference, listed)
    entry = tried(tracker, read, entry, wanted=tests)
    if not dry_run:
        found = tracker.change(found, state="done", entry=entry)
    shown = f"{len(entry.tests)} red" + (f", {entry.passed} of them pass now" if entry.passed else "")
    lines = [
        f"{found.id} {'would be' if dry_run else 'is'} done: {shown}, coverage {percent} %",
        f"Next: git commit {' '.join(tracker.paths())}, then devkit task status",
    ]
    return Result({**_facts(found, entry, files_of(tracker.repository, listed)), "dry_run": dry_run}, lines)


@task.command(cls=WorkflowCommand)
@click.argument("name", metavar="T000")
@click.option("--error", metavar="TEXT", default="", help="What went wrong; a file.py:12 in it is its place.")
@click.option("--at", "place", metavar="FILE:LINE", default="", help="Where.")
@_SPEC
@_DRY_RUN
def fail(name: str, *, error: str, place: str, spec: str | None, dry_run: bool) -> Result:
    """Say that a task cannot be done now, and why."""
    tracker = Tracker(find_repository(), spec)
    found = tracker.read().task(name)
    if not error.strip():
        raise Refused(f"{found.id} has not failed without --error", then=f'devkit task fail {found.id} --error "..."')
    _refuse_done(found)
    entry = Entry(found, "failed", now(), error.strip(), blockers=[_blocker(error, place)])
    if not dry_run:
        found = tracker.change(found, state="failed", entry=entry)
    return Result(
        {**_facts(found, entry, []), "dry_run": dry_run},
        [f"{found.id} has failed: {error.strip()}", f"Next: remove the cause, then devkit task start {found.id}"],
    )


@task.command(cls=WorkflowCommand)
@click.argument("name", metavar="[T000]", required=False)
@_SPEC
def status(name: str | None, spec: str | None) -> Result:
    """Say where the tasks stand, or all that is known of one."""
    tracker = Tracker(find_repository(), spec)
    read = tracker.read()
    if name is not None:
        found, entry = read.task(name), read.entry(read.task(name))
        facts = _facts(found, entry, files_of(tracker.repository, entry.commits) if entry else [])
        return Result(facts, [f"{found.id} {found.state}: {found.text} in {found.path}", *_lines(entry)])
    ready = [each for each in read.tasks if not each.done and not read.open_before(each)]
    blocked = [(each, entry) for each in read.tasks if each.state == "failed" and (entry := read.entry(each))]
    ticked = [each.id for each in read.tasks if each.done and not _is_shown(read, each)]
    facts = {
        "tasks": [_facts(each, read.entry(each), []) for each in read.tasks],
        "ready": [each.id for each in ready],
        "ticked_by_hand": ticked,
        "blockers": [{"task": each.id, **asdict(one)} for each, entry in blocked for one in entry.blockers],
    }
    lines = [f"{sum(each.done for each in read.tasks)} of {len(read.tasks)} done"]
    lines += [f"failed: {each.id} {entry.text}" for each, entry in blocked]
    lines += [f"ticked by hand, so nothing shows it: {', '.join(ticked)}"] if ticked else []
    lines += [f"next: {each.id}{' [P]' if each.parallel else ''} {each.text} in {each.path}" for each in ready]
    return Result(facts, lines)


@task.command(cls=WorkflowCommand)
@click.argument("names", metavar="T000...", nargs=-1, required=True)
@_SPEC
@_DRY_RUN
def rollback(names: tuple[str, ...], spec: str | None, dry_run: bool) -> Result:
    """Take tasks back: their commits are reverted, newest first, and the tasks are open again, in one commit."""
    tracker = Tracker(find_repository(), spec)
    taken = roll_back(tracker, names, dry_run=dry_run)
    said = ", ".join(each.id for each in taken.tasks)
    verb = "would be" if dry_run else "is"
    return Result(
        {**asdict(taken), "tasks": [each.id for each in taken.tasks], "dry_run": dry_run},
        [f"{said} {verb} open again; reverted: {', '.join(each[:9] for each in taken.reverted)}"],
    )


def _facts(found: Task, entry: Entry | None, files: Sequence[str]) -> Mapping[str, object]:
    empty = Entry(found, found.state, "", "")
    return {
        "task": found.id,
        "text": found.text,
        "path": found.path,
        "status": found.state,
        "files": [*files],
        **(entry or empty).facts(),
    }


def _lines(entry: Entry | None) -> list[str]:
    if entry is None:
        return []
    places = [f"{each.file}:{each.line}: {each.message}" if each.file else each.message for each in entry.blockers]
    return [
        f"{entry.event}, {entry.at}",
        *entry.text.splitlines(),
        *(f"{each.phase} {each.commit[:9]} {each.subject}" for each in entry.commits),
        *places,
    ]


def _is_shown(read: Read, task: Task) -> bool:
    entry = read.entry(task)
    return entry is not None and entry.event == "done"


def _refuse_done(found: Task) -> None:
    if found.done:
        raise Refused(f"{found.id} is done", then=f"devkit task rollback {found.id}, to take it back")


def _refuse_open(read: Read, found: Task) -> None:
    if left := read.open_before(found):
        raise Refused(
            f"{found.id} comes after {', '.join(each.id for each in left)}", then=f"devkit task start {left[0].id}"
        )


def _blocker(error: str, place: str) -> Blocker:
    found = re.search(r"([\w./-]+\.\w+):(\d+)", place or error)
    if place and found is None:
        raise Refused(f"{place!r} is no FILE:LINE", then="--at app/services/bookings.py:12")
    return Blocker(error.strip(), found[1], int(found[2])) if found else Blocker(error.strip())
