"""Red and green, run again: a failing test is tried at its commit and at the head of the branch, in a worktree that is thrown away."""

import ast
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Final
from xml.etree import ElementTree as ET

from service_devkit.workflow.begin import FOLDER, hide
from service_devkit.workflow.command import Refused, say
from service_devkit.workflow.git import Git
from service_devkit.workflow.notes import Blocker
from service_devkit.workflow.place import environment_for, run_shown
from service_devkit.workflow.repository import Repository

# How pytest reports a failed `assert`, `pytest.fail` and a `pytest.raises` that nothing was raised in.
_ASSERTIONS: Final = ("assert ", "AssertionError", "Failed:")
_STDERR: Final = 2


@dataclass(frozen=True)
class Case:
    """One test that ran: `outcome` is passed, failed, error or skipped."""

    node: str
    outcome: str
    message: str
    file: str
    line: int

    @property
    def function(self) -> str:
        """Its name without parameters: `tests/test_a.py::TestB::test_c`."""
        return self.node.partition("[")[0]

    @property
    def is_assertion(self) -> bool:
        """Whether it failed because something is not as the test asserts."""
        return self.outcome == "failed" and self.message.startswith(_ASSERTIONS)

    def blocker(self) -> Blocker:
        """For the tracker."""
        return Blocker(f"{self.node}: {self.message or self.outcome}", self.file, self.line)


@dataclass(frozen=True)
class ThrowAway:
    """A worktree in which nobody works, and the service in it."""

    repository: Repository
    git: Git

    @property
    def root(self) -> Path:
        """The folder of the service."""
        return self.git.folder / self.repository.service

    def run(self, commit: str, nodes: Sequence[str]) -> list[Case]:
        """Run some tests as they are at a commit, with the environment of that commit."""
        settings = self.repository.settings
        self.git("checkout", "--quiet", "--force", "--detach", commit)
        run_shown(settings.setup, self.root, what=f"environment of {commit[:9]}")
        report = self.git.folder.with_name(f"{self.git.folder.name}.xml")
        report.unlink(missing_ok=True)
        options = ["--rootdir=.", "-p", "no:cacheprovider", "-o", "junit_family=xunit1", f"--junitxml={report}"]
        command = f"{settings.tests} {shlex.join([*options, *nodes])}"
        done = subprocess.run(  # noqa: S603 - the service's own setting
            ["sh", "-c", command],  # noqa: S607 - sh from PATH
            cwd=self.root,
            env=environment_for(self.root),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        if not report.exists():
            raise Refused(
                f"the tests could not be run at {commit[:9]}: `{command}` ended with status {done.returncode}, which is no red",
                then="repair what it says, commit, then run the command again",
                details=done.stdout.splitlines()[-10:],
            )
        cases = _cases(report)
        report.unlink()
        return cases


@contextmanager
def throw_away(repository: Repository, name: str) -> Iterator[ThrowAway]:
    """Make the worktree, and remove it, also the one that a killed command left. Its caller holds a lock."""
    place = repository.main_top / FOLDER / f".tried-{name}"
    git = repository.main_git
    hide(place.parent)
    _remove(git, place)
    git("worktree", "add", "--quiet", "--detach", str(place), repository.git("rev-parse", "HEAD"))
    try:
        yield ThrowAway(repository, Git(place))
    finally:
        _remove(git, place)


def _remove(git: Git, place: Path) -> None:
    git.run("worktree", "remove", "--force", "--force", str(place))
    shutil.rmtree(place, ignore_errors=True)
    git("worktree", "prune")


def failing_at(tried: ThrowAway, commit: str, wanted: Sequence[str]) -> list[str]:
    """The tests of a commit that fail at it, each by assertion.

    Raises:
        Refused: none does, or one fails in another way.
    """
    touched = touched_tests(tried, commit)
    if not touched:
        raise Refused(
            f"{commit[:9]} adds and changes no test",
            then="name the commit that has the failing test: test(red): ...",
        )
    cases = tried.run(commit, sorted({each.partition("::")[0] for each in touched}))
    meant = [each for each in cases if _is_meant(each, touched, wanted)]
    wrong = [each for each in meant if each.outcome == "error" or (each.outcome == "failed" and not each.is_assertion)]
    failed = [each.node for each in meant if each.is_assertion]
    if wrong or not failed:
        why = "do not fail by assertion" if wrong else "have no test that fails"
        raise Refused(
            f"the tests of {commit[:9]} {why} at that commit",
            then="correct the test so that an assertion fails (imports inside the test, where the module is not there yet), commit it as test(red): ...",
            details=[f"{each.node}: {each.outcome} {each.message}".strip() for each in wrong or meant],
            facts={"blockers": [asdict(each.blocker()) for each in wrong]},
        )
    say(f"red: {len(failed)} tests fail at {commit[:9]}")
    return failed


def passing_at(tried: ThrowAway, commit: str, nodes: Sequence[str]) -> int:
    """How many tests pass: all of them.

    Raises:
        Refused: one does not.
    """
    cases = {each.node: each for each in tried.run(commit, nodes)}
    lost = [Case(node, "is not there", "", node.partition("::")[0], 1) for node in nodes if node not in cases]
    wrong = [cases[node] for node in nodes if node in cases and cases[node].outcome != "passed"] + lost
    if wrong:
        raise Refused(
            f"{len(wrong)} of {len(nodes)} tests that were red do not pass at {commit[:9]}",
            then="make them pass, commit it as feat(green): ..., then run the command again",
            details=[f"{each.file}:{each.line}: {each.node}: {each.message or each.outcome}" for each in wrong],
            facts={"blockers": [asdict(each.blocker()) for each in wrong]},
        )
    say(f"green: {len(nodes)} tests pass at {commit[:9]}")
    return len(nodes)


def touched_tests(tried: ThrowAway, commit: str) -> set[str]:
    """The tests that a commit adds or changes, as `tests/test_a.py::test_b`; `tests/test_a.py` where it changes what all of a file use.

    Raises:
        Refused: it changes something else than tests, so that nothing shows they came first.
    """
    service = tried.repository.service.as_posix()
    prefix = "" if service == "." else f"{service}/"
    names = tried.git.lines("diff-tree", "--root", "--no-commit-id", "--name-only", "--diff-filter=d", "-r", commit)
    ours = [name.removeprefix(prefix) for name in names if name.startswith(prefix)]
    if others := [name for name in ours if name.endswith(".py") and not name.startswith(("tests/", "test_"))]:
        raise Refused(
            f"the red commit {commit[:9]} changes more than tests",
            then="commit the failing test alone: test(red): ..., then what makes it pass",
            details=others,
        )
    found: set[str] = set()
    for name in ours:
        if PurePosixPath(name).match("test_*.py") or PurePosixPath(name).match("*_test.py"):
            before, after = (tried.git.text_at(each, prefix + name) or "" for each in (f"{commit}^", commit))
            found |= {f"{name}::{each}" if each else name for each in _changed(before, after)}
    return found


def _changed(before: str, after: str) -> set[str]:
    """The tests of a file that are new or other than before; an empty name for the rest of the file."""
    try:
        old, new = (dict(_parts(ast.parse(text).body)) for text in (before, after))
    except SyntaxError:
        return {""}
    changed = {name for name in new if new[name] != old.get(name)}
    # An import changes what all tests of a file use only where it was there before.
    return {""} if "" in changed and old.get("") else changed - {""}


def _parts(body: Sequence[ast.stmt], above: str = "") -> Iterator[tuple[str, str]]:
    rest: list[str] = []
    for node in body:
        name = getattr(node, "name", "")
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and name.startswith("test"):
            yield above + name, ast.dump(node)
        elif isinstance(node, ast.ClassDef) and name.startswith("Test"):
            yield from _parts(node.body, f"{above}{name}::")
        elif not isinstance(node, ast.Import | ast.ImportFrom):
            rest.append(ast.dump(node))
    if not above:
        yield "", "\n".join(rest)


def _is_meant(case: Case, touched: set[str], wanted: Sequence[str]) -> bool:
    if wanted:
        return case.outcome == "error" or any(
            each in {case.node, case.function} or case.node.startswith(f"{each}::") for each in wanted
        )
    return case.outcome == "error" or case.function in touched or case.file in touched


def _cases(report: Path) -> list[Case]:
    return [_case(each) for each in ET.parse(report).iter("testcase")]  # noqa: S314 - pytest's own report


def _case(element: ET.Element) -> Case:
    file, classname, name = (element.get(each, "") for each in ("file", "classname", "name"))
    module = file.removesuffix(".py").replace("/", ".")
    classes = classname.removeprefix(module).strip(".").split(".") if classname.startswith(module) else []
    node = "::".join(each for each in (file, *classes, name) if each)
    for tag, outcome in (("error", "error"), ("failure", "failed"), ("skipped", "skipped")):
        found = element.find(tag)
        if found is not None:
            return Case(node, outcome, _message(found), file, int(element.get("line") or 0) + 1)
    return Case(node, "passed", "", file, int(element.get("line") or 0) + 1)


def _message(found: ET.Element) -> str:
    said = [line[1:].strip() for line in (found.text or "").splitlines() if line.startswith("E ")]
    message = found.get("message") or ""
    return " ".join((said[-1] if said and message == "collection failure" else message).split())[:300]
