"""Tasks of a plan: made, written as Markdown, read again, and checked."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

State = Literal["open", "started", "done", "failed"]
_MARKS: Final[Mapping[State, str]] = {"open": " ", "started": "~", "done": "x", "failed": "!"}
_STATES: Final[Mapping[str, State]] = {mark: state for state, mark in _MARKS.items()}
PHASES: Final = ("Setup", "Tests", "Implementation", "Finish")
_LINE: Final = re.compile(
    r"- \[(?P<mark>[ ~x!])\] (?P<id>T\d{3})(?P<parallel> \[P\])? (?P<text>.+?) in `(?P<path>[^`]+)`(?: \(after (?P<after>T\d{3}(?:, T\d{3})*)\))?"
)
_RULES_OF: Final = "Write the failing tests of the rules of "
_TEST_OF: Final = "Write the failing test of "
# How the text of a task begins, and that of the task that tests what it makes. The test of a model is that of its rules.
_TESTED: Final[Mapping[str, str]] = {
    "Make the model of ": _RULES_OF,
    "Make the rules of ": _RULES_OF,
    "Make the route of ": _TEST_OF,
}


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
    line: int = field(default=0, compare=False)  # in the file that it was read from

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
    # What was green without the new tasks says nothing of them.
    whole = all(each.done for each in making.made[:-1])
    return _with_parallel(making.made if whole else reopened(making.made, [making.made[-1].id]))


def done_before_open(tasks: Sequence[Task]) -> list[Task]:
    """The tasks that are done, though one that they wait for is open, itself or over others."""
    is_open = {each.id for each in tasks if not each.done}
    return [each for each in tasks if each.done and is_open & _all_before(each, tasks)]


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
    for begins, wrote in _TESTED.items():
        if task.text.startswith(begins) and begins != "Make the model of ":
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
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("## "):
            phase = line[3:].strip()
        elif line.startswith("- ["):
            task = _LINE.fullmatch(line.rstrip())
            after = tuple((task["after"] or "").split(", ")) if task and task["after"] else ()
            found.append(
                Task(
                    task["id"],
                    task["text"],
                    task["path"],
                    phase,
                    after,
                    bool(task["parallel"]),
                    _STATES[task["mark"]],
                    line=number,
                )
                if task
                else Task("", line, "", phase, line=number)
            )
    return found


def faults(tasks: Sequence[Task], plan: Plan) -> list[str]:
    """What is wrong with tasks, one line each."""
    return [
        *_faults_of_form(tasks),
        *_faults_of_order(tasks),
        *_faults_of_parallel(tasks),
        *_faults_of_plan(tasks, plan),
        *_faults_of_tests_first(tasks),
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
    texts = {each.text for each in tasks}
    for noun in plan.entities:
        if f"Make the model of {noun}" not in texts:
            yield f"the entity {noun} has no model"
    for operation in (each for listed in plan.operations.values() for each in listed):
        lacking = [
            what
            for what, text in (("test", f"{_TEST_OF}{operation}"), ("route", f"Make the route of {operation}"))
            if text not in texts
        ]
        if lacking:
            yield f"{operation} has no {lacking[0]}"


def _faults_of_tests_first(tasks: Sequence[Task]) -> Iterator[str]:
    """What is made stands behind the test of it, and waits for it."""
    place = {each.id: number for number, each in enumerate(tasks)}
    for task in tasks:
        begins = next((each for each in _TESTED if task.text.startswith(each)), None)
        if begins is None:
            continue
        wanted = _TESTED[begins] + task.text.removeprefix(begins)
        test = next((each for each in tasks if each.text == wanted), None)
        said = f"line {task.line}: {task.id} {task.text}"
        if test is None:
            yield f"{said} has no test: add a task {wanted} before line {task.line}"
        elif place[test.id] > place[task.id]:
            yield f"{said} stands before its test, {test.id}: move line {test.line} before line {task.line}, and number the tasks again"
        elif test.id not in _all_before(task, tasks):
            after = ", ".join([*task.after, test.id])
            yield f"{said} does not wait for its test: write (after {after}) at the end of line {task.line}"


def _all_before(task: Task, tasks: Sequence[Task]) -> set[str]:
    """The ids that a task waits for, over others too."""
    by_id = {each.id: each for each in tasks}
    found: set[str] = set()
    left = [*task.after]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += by_id[name].after if name in by_id else ()
    return found
