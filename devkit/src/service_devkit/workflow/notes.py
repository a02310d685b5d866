"""`NOTES.md` of a specification: what the tracker knows of each task, for people and for the tracker itself."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Final

from service_devkit.workflow.tasks import Task

_HEADING: Final = re.compile(r"## T\d{3} (?P<event>\w+): (?P<text>.+)")
_SUBJECT: Final = re.compile(r"(?P<kind>\w+)(?:\((?P<scope>[^)]*)\))?!?: ")


@dataclass(frozen=True)
class Commit:
    """A commit of a task; its phase is `red`, `green`, `refactor` or `other`, by its type."""

    commit: str
    phase: str
    subject: str


@dataclass(frozen=True)
class Blocker:
    """What is in the way, and where."""

    message: str
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True)
class Entry:
    """What happened to a task: `done`, `failed`, `started` or `reopened`."""

    task: Task
    event: str
    at: str
    text: str
    evidence: str = ""
    coverage: Decimal | None = None
    difference: Decimal | None = None
    commits: Sequence[Commit] = ()
    tests: Sequence[str] = ()  # those that failed at the red commit
    passed: int = 0
    blockers: Sequence[Blocker] = ()

    def facts(self) -> Mapping[str, object]:
        """For programs."""
        return {
            "summary": self.text,
            "evidence": self.evidence,
            "tests": {"red": [*self.tests], "passed": self.passed},
            "coverage": {
                "percent": None if self.coverage is None else float(self.coverage),
                "difference": None if self.difference is None else float(self.difference),
            },
            "commits": [asdict(each) for each in self.commits],
            "blockers": [asdict(each) for each in self.blockers],
        }


def phase_of(subject: str) -> str:
    """The phase that a commit message names: `test(red): ...`, `feat(green): ...` or `fix: ...`, `refactor: ...`."""
    found = _SUBJECT.match(subject)
    if found is None:
        return "other"
    scopes = re.split(r"[,/ ]+", found["scope"] or "")
    if found["kind"] == "test":
        return "red" if "red" in scopes else "other"
    if found["kind"] == "refactor":
        return "refactor"
    return "green" if found["kind"] in {"feat", "fix", "perf"} or "green" in scopes else "other"


def with_entry(text: str, entry: Entry, *, title: str) -> str:
    """The notes with one more entry at their end."""
    head = text or f"# Notes: {title}\n\nWritten by `devkit task`; the last entry of a task is what holds.\n"
    return head.rstrip("\n") + "\n\n" + "\n".join(_lines(entry)) + "\n"


def _lines(entry: Entry) -> Iterator[str]:
    yield from (f"## {entry.task.id} {entry.event}: {entry.task.text}", "", entry.at, "")
    if entry.text:
        yield from (*(f"> {line}".rstrip() for line in entry.text.splitlines()), "")
    if entry.evidence:
        yield f"- evidence: {' '.join(entry.evidence.split())}"
    if entry.coverage is not None:
        yield f"- coverage: {entry.coverage}" + ("" if entry.difference is None else f" ({entry.difference:+})")
    yield from (f"- commit: {each.commit} {each.phase} {each.subject}" for each in entry.commits)
    yield from (f"- red: {each}" for each in entry.tests)
    if entry.passed:
        yield f"- passed: {entry.passed}"
    for each in entry.blockers:
        place = f" at {each.file}:{each.line}" if each.file else ""
        yield f"- blocker: {' '.join(each.message.split())}{place}"


def entries(text: str, tasks: Sequence[Task]) -> Mapping[str, Entry]:
    """The last entry of each task, by the task's text: ids change when tasks are written again."""
    by_text = {each.text: each for each in tasks}
    found: dict[str, Entry] = {}
    for block in re.split(r"(?m)^(?=## )", text):
        heading, *lines = block.splitlines() or [""]
        match = _HEADING.fullmatch(heading)
        if match and (task := by_text.get(match["text"])):
            found[task.text] = _entry(task, match["event"], lines)
    return found


def last_coverage(text: str) -> Decimal | None:
    """The coverage that was noted last."""
    found = re.findall(r"(?m)^- coverage: (\d+(?:\.\d+)?)", text)
    return Decimal(found[-1]) if found else None


def _entry(task: Task, event: str, lines: Sequence[str]) -> Entry:
    values: dict[str, list[str]] = {}
    for line in lines:
        if match := re.fullmatch(r"- (\w+): (.+)", line):
            values.setdefault(match[1], []).append(match[2])
    coverage = re.fullmatch(r"([\d.]+)(?: \(([+-][\d.]+)\))?", values.get("coverage", [""])[0])
    return Entry(
        task=task,
        event=event,
        at=next((line for line in lines if line), ""),
        text="\n".join(line[1:].removeprefix(" ") for line in lines if line.startswith(">")),
        evidence=values.get("evidence", [""])[0],
        coverage=Decimal(coverage[1]) if coverage else None,
        difference=Decimal(coverage[2]) if coverage and coverage[2] else None,
        commits=[Commit(*each.split(" ", 2)) for each in values.get("commit", [])],
        tests=values.get("red", []),
        passed=int(values.get("passed", ["0"])[0]),
        blockers=[_blocker(each) for each in values.get("blocker", [])],
    )


def _blocker(text: str) -> Blocker:
    found = re.fullmatch(r"(.*) at (\S+):(\d+)", text)
    return Blocker(found[1], found[2], int(found[3])) if found else Blocker(text)
