"""Tasks of a plan: made, written as Markdown, read again, and checked."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

State = Literal["open", "started", "done", "failed"]
_MARKS: Final[Mapping[State, str]] = {"open": " ", "started": "~", "done": "x", "failed": "!"}
_STATES: Final[Mapping[str, State]] = {mark: state for state, mark in _MARKS.items()}
PHASES: Final = ("Setup", "Tests", "Implementation", "Finish")
_LINE: Final = re.compile(
    r"- \[(?P<mark>[ ~x!])\] (?P<id>T\d{3})(?P<parallel> \[P\])? (?P<text>.+?) in `(?P<path>[^`]+)`(?: \(after (?P<after>T\d{3}(?:, T\d{3})*)\))?"
)


@dataclass(frozen=True)
class Plan:
    """What is to be built: nouns, operations by noun, open decisions."""

    title: str
    entities: Sequence[str]
    operations: Mapping[str, Sequence[str]]
    decisions: Sequence[str]


@dataclass(frozen=True)
class Task:
    """One task. `after` are the ids of those that come before it."""

    id: str
    text: str
    path: str
    phase: str
    after: tuple[str, ...] = ()
    parallel: bool = False
    state: State = "open"

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return self.state == "done"

    def facts(self) -> Mapping[str, object]:
        """For programs."""
        return {
            "id": self.id,
            "text": self.text,
            "path": self.path,
            "phase": self.phase,
            "after": [*self.after],
            "parallel": self.parallel,
            "done": self.done,
            "status": self.state,
        }


class _Making:
    """Tasks with ids in their order."""

    def __init__(self, before: Sequence[Task]) -> None:
        self.made: list[Task] = []
        self._states = {(each.text, each.path): each.state for each in before}

    def add(self, phase: str, text: str, path: str, after: Sequence[str] = ()) -> str:
        number = f"T{len(self.made) + 1:03}"
        state = self._states.get((text, path), "open")
        self.made.append(Task(number, text, path, phase, tuple(after), state=state))
        return number


def generate(plan: Plan, before: Sequence[Task] = ()) -> list[Task]:
    """The tasks of a plan, tests before what they test; those of `before` keep their state."""
    making = _Making(before)
    setup = [making.add("Setup", f"Decide: {each}", "docs/architecture/decisions/") for each in plan.decisions]
    listed = [each for operations in plan.operations.values() for each in operations]
    if listed:
        setup = [making.add("Setup", f"Promise {', '.join(listed)}", "contracts/openapi.yaml", setup)]
    nouns = [*dict.fromkeys([*plan.entities, *plan.operations])]
    tests = {noun: _tests(making, noun, plan.operations.get(noun, ()), setup) for noun in nouns}
    for noun in nouns:
        _implementation(making, noun, plan, tests[noun])
    making.add(
        "Finish",
        "Make every gate green: just check",
        "justfile",
        [each.id for each in making.made if each.phase == "Implementation"],
    )
    return _with_parallel(making.made)


def _tests(making: _Making, noun: str, operations: Sequence[str], setup: Sequence[str]) -> list[str]:
    rules = making.add(
        "Tests", f"Write the failing tests of the rules of {noun}", f"tests/services/test_{noun}.py", setup
    )
    return [
        rules,
        *(
            making.add("Tests", f"Write the failing test of {each}", f"tests/api/v1/test_{noun}.py", setup)
            for each in operations
        ),
    ]


def _implementation(making: _Making, noun: str, plan: Plan, tests: Sequence[str]) -> None:
    after = [*tests]
    if noun in plan.entities:
        model = making.add("Implementation", f"Make the model of {noun}", f"app/models/{noun}.py", after)
        after = [making.add("Implementation", f"Write the migration of {noun}", "alembic/versions/", [model])]
    operations = plan.operations.get(noun, ())
    if operations:
        after = [
            making.add(
                "Implementation", f"Generate the types of {noun}: just generate", f"app/schemas/{noun}.py", after
            )
        ]
    after = [making.add("Implementation", f"Make the rules of {noun}", f"app/services/{noun}.py", after)]
    for each in operations:
        making.add("Implementation", f"Make the route of {each}", f"app/api/v1/{noun}.py", after)


def proof_of(task: Task, tasks: Sequence[Task]) -> Task | None:
    """The task that wrote the failing test of what this one makes; None where it makes something that no test of its own has."""
    for begins, wrote in (
        ("Make the rules of ", "Write the failing tests of the rules of "),
        ("Make the route of ", "Write the failing test of "),
    ):
        if task.text.startswith(begins):
            return next((each for each in tasks if each.text == wrote + task.text.removeprefix(begins)), None)
    return None


def reopened(tasks: Sequence[Task], ids: Sequence[str]) -> list[Task]:
    """The tasks, some of them open again."""
    return [replace(each, state="open") if each.id in ids else each for each in tasks]


def _with_parallel(tasks: Sequence[Task]) -> list[Task]:
    """Mark what may be done at once: alone on its file in its phase, and with no other of the phase before it."""
    return [replace(each, parallel=_is_parallel(each, tasks)) for each in tasks]


def _is_parallel(task: Task, tasks: Sequence[Task]) -> bool:
    peers = [each for each in tasks if each.phase == task.phase and each.id != task.id]
    return (
        bool(peers)
        and all(each.path != task.path and each.id not in task.after for each in peers)
        and not task.path.endswith("/")
    )


def written(tasks: Sequence[Task], plan: Plan) -> str:
    """The tasks as Markdown, with their graph and an example of what may be done at once."""
    lines = [
        f"# Tasks: {plan.title}",
        "",
        "Written by `devkit tasks`; `[P]` may be done beside the others of its phase.",
    ]
    for phase in PHASES:
        in_phase = [each for each in tasks if each.phase == phase]
        if in_phase:
            lines += ["", f"## {phase}", "", *map(_line, in_phase)]
    at_once = [each for each in tasks if each.parallel]
    graph = [f"    {each.id} --> {other.id}" for other in tasks for each in tasks if each.id in other.after]
    lines += ["", "## Order", "", "```mermaid", "graph LR", *graph, "```"]
    if at_once:
        first = [each.id for each in at_once if each.phase == at_once[0].phase]
        lines += ["", f"At once, for example: {', '.join(first)}."]
    return "\n".join(lines) + "\n"


def _line(task: Task) -> str:
    after = f" (after {', '.join(task.after)})" if task.after else ""
    return f"- [{_MARKS[task.state]}] {task.id}{' [P]' if task.parallel else ''} {task.text} in `{task.path}`{after}"


def parse(text: str) -> list[Task]:
    """The tasks of a text; a line that begins as a task and is none has an empty path."""
    found, phase = [], ""
    for line in text.splitlines():
        if line.startswith("## "):
            phase = line[3:].strip()
        elif line.startswith("- ["):
            task = _LINE.fullmatch(line.rstrip())
            after = tuple((task["after"] or "").split(", ")) if task and task["after"] else ()
            found.append(
                Task(
                    task["id"], task["text"], task["path"], phase, after, bool(task["parallel"]), _STATES[task["mark"]]
                )
                if task
                else Task("", line, "", phase)
            )
    return found


def faults(tasks: Sequence[Task], plan: Plan) -> list[str]:
    """What is wrong with tasks, one line each."""
    return [
        *_faults_of_form(tasks),
        *_faults_of_order(tasks),
        *_faults_of_parallel(tasks),
        *_faults_of_plan(tasks, plan),
    ]


def _faults_of_form(tasks: Sequence[Task]) -> Iterator[str]:
    yield from (f"no task, or no path in it: {each.text}" for each in tasks if not each.path)
    ids = [each.id for each in tasks if each.id]
    if ids != [f"T{number:03}" for number in range(1, len(ids) + 1)]:
        yield f"ids are not T001 to T{len(ids):03}, each once and in order: {', '.join(ids)}"


def _faults_of_order(tasks: Sequence[Task]) -> Iterator[str]:
    """What comes after must stand after: so there is no cycle."""
    place = {each.id: number for number, each in enumerate(tasks)}
    for each in tasks:
        for before in each.after:
            if place.get(before, len(tasks)) >= place[each.id]:
                yield f"{each.id} is after {before}, which {'stands behind it' if before in place else 'does not exist'}"


def _faults_of_parallel(tasks: Sequence[Task]) -> Iterator[str]:
    for number, each in enumerate(tasks):
        for other in tasks[number + 1 :]:
            if not (each.parallel and other.parallel and each.phase == other.phase):
                continue
            if each.path == other.path:
                yield f"{each.id} and {other.id} are both [P] on {each.path}"
            if each.id in other.after:
                yield f"{other.id} is [P] and after {each.id}, which is [P] too"


def _faults_of_plan(tasks: Sequence[Task], plan: Plan) -> Iterator[str]:
    texts = {each.text: number for number, each in enumerate(tasks)}
    for noun in plan.entities:
        if f"Make the model of {noun}" not in texts:
            yield f"the entity {noun} has no model"
    for operation in (each for listed in plan.operations.values() for each in listed):
        test, route = texts.get(f"Write the failing test of {operation}"), texts.get(f"Make the route of {operation}")
        if test is None or route is None:
            yield f"{operation} has no {'test' if test is None else 'route'}"
        elif test > route:
            yield f"the test of {operation} stands behind its route"
