"""`devkit task`: nothing is done that does not show it, and two files never say different things."""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from devkit.tests.workflow.conftest import PYPROJECT, Service

HEAD = "---\ntitle: Sums\noperations: {sums: [GET /sums]}\n---\n"
SETTINGS = f'tests = "{sys.executable} -m pytest -q"\ncoverage = "echo 91.50"\n'
RED = "from app import sums\n\n\ndef test_sum():\n    assert sums.add(1, 2) == 3\n"
NOTED = ("--notes", "It adds", "--evidence", "pytest: 1 failed", "--coverage", "90")


@pytest.fixture
def sums(made: Service, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A branch with a specification, its tasks, and a module that is wrong. T001 is done. Made once, then copied."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    first = tmp_path_factory.getbasetemp() / "sums"
    if first.exists():
        shutil.rmtree(made.root)
    else:
        _make_sums(made)
        shutil.move(made.root, first)
    shutil.copytree(first, made.root)
    return made


def _make_sums(made: Service) -> None:
    files = {
        "pyproject.toml": PYPROJECT + SETTINGS,
        "app/__init__.py": "",
        "app/sums.py": "def add(a, b):\n    return a\n",
        "specs/001-sums/plan.md": HEAD,
    }
    made.commit("chore: sums", files)
    made.git("switch", "--quiet", "--create", "feature/sums")
    made.facts("tasks", "sums")
    promise = made.commit("docs: promise", {"contracts/openapi.yaml": "a: 1\n"})
    assert _done(made, "T001", promise)["ok"]
    made.commit("docs: done", {})


def _done(service: Service, task: str, *commits: str, more: tuple[str, ...] = NOTED) -> dict[str, Any]:
    named = [word for each in commits for word in ("--commit", each)]
    return service.facts("task", "done", task, *named, *more)


def _red(service: Service, text: str = RED, *, message: str = "test(red): sums") -> str:
    return service.commit(message, {"tests/test_sums.py": text})


def _green(service: Service) -> str:
    return service.commit("feat(green): add", {"app/sums.py": "def add(a, b):\n    return a + b\n"})


def _ticked(service: Service) -> list[str]:
    return [each["task"] for each in service.facts("task", "status")["tasks"] if each["status"] == "done"]


def _walk(service: Service) -> tuple[str, str]:
    """From the tests to the rules, each with its commit: T002 and T003 are tests, T004 types, T005 rules, T006 the route."""
    red = _red(service)
    assert _done(service, "T002", red)["ok"]
    service.commit("docs: T002", {})
    route = service.commit("test(red): route", {"tests/test_route.py": RED.replace("test_sum", "test_route")})
    assert _done(service, "T003", route)["ok"]
    types = service.commit("feat: types", {"app/types.py": ""})
    assert _done(service, "T004", types)["ok"]
    service.commit("docs: T003, T004", {})
    return red, _green(service)


def test_task_is_done_when_its_test_failed_and_passes(sums: Service) -> None:
    red, green = _walk(sums)

    found = _done(
        sums, "t005", green, more=("--notes", "Adds\n## T001 done: x", "--evidence", "1 passed", "--coverage", "90.5")
    )

    assert found["ok"], found
    assert found["tests"] == {"red": ["tests/test_sums.py::test_sum"], "passed": 1}
    assert found["coverage"] == {"percent": 90.5, "difference": 0.5}
    assert found["files"] == ["app/sums.py"]
    assert found["commits"] == [{"commit": green, "phase": "green", "subject": "feat(green): add"}]
    status = sums.facts("task", "status", "T005")
    assert status["summary"] == "Adds\n## T001 done: x"
    assert status["commits"] == found["commits"]
    assert sums.facts("task", "status")["ready"] == ["T006"]
    assert "- [x] T005 Make the rules" in (sums.root / "specs/001-sums/tasks.md").read_text()
    assert sums.facts("task", "status", "T002")["commits"][0]["commit"] == red
    assert not [*(sums.root / ".worktrees").glob(".tried*")]
    assert sums.git("worktree", "list").count("\n") == 0


@pytest.mark.parametrize(
    ("text", "message", "why"),
    [
        (RED.replace("== 3", "== 1"), "test(red): x", "have no test that fails"),
        ("import nowhere\n" + RED, "test(red): x", "do not fail by assertion"),
        (RED.replace("assert sums.add", "assert sums.nothing"), "test(red): x", "do not fail by assertion"),
        (RED.replace("    assert", "    raise RuntimeError\n    assert"), "test(red): x", "do not fail by assertion"),
        ("def test_sum(:\n", "test(red): x", "do not fail by assertion"),
        (RED.replace("    assert", "    import pytest\n    pytest.skip()\n    assert"), "test(red): x", "have no test that fails"),
        (RED.replace("def test_sum", "def sum_of"), "test(red): x", "adds and changes no test"),
        (RED, "test: sums", "none of its commits is test(red)"),
        (RED, "feat(green): sums", "none of its commits is test(red)"),
    ],
)  # fmt: skip
def test_red_that_is_none_is_refused(sums: Service, text: str, message: str, why: str) -> None:
    found = _done(sums, "T002", _red(sums, text, message=message))

    assert not found["ok"]
    assert why in str(found["error"]), found
    assert _ticked(sums) == ["T001"]


@pytest.mark.parametrize(
    "text",
    [
        RED,
        RED.replace("    assert sums.add(1, 2) == 3", "    import pytest\n    pytest.fail('not yet')"),
        RED.replace("    assert sums.add(1, 2) == 3", "    import pytest\n    with pytest.raises(TypeError):\n        sums.add(1, 'a')"),
        f"class TestSums:\n    def test_sum(self):\n        {RED.splitlines()[0]}\n        assert sums.add(1, 2) == 3\n",
        "import pytest\n" + RED.replace("def test_sum():", "@pytest.mark.parametrize('a', [1, 2])\ndef test_sum(a):"),
    ],
)  # fmt: skip
def test_red_by_assertion_is_taken(sums: Service, text: str) -> None:
    assert _done(sums, "T002", _red(sums, text))["ok"]


def test_failure_that_was_there_before_is_no_red(sums: Service) -> None:
    before = RED.replace("test_sum", "test_old")
    _red(sums, before, message="test: broken long ago")

    found = _done(sums, "T002", _red(sums, f"{before}\n\ndef test_sum():\n    assert sums.add(1, 2) == 1\n"))

    assert "have no test that fails" in str(found["error"])


def test_red_commit_with_more_than_tests_is_refused(sums: Service) -> None:
    both = sums.commit("test(red): sums", {"tests/test_sums.py": RED, "app/other.py": ""})

    found = _done(sums, "T002", both)

    assert "changes more than tests" in str(found["error"])
    assert found["details"] == ["app/other.py"]


def test_green_that_does_not_pass_is_refused_with_its_place(sums: Service) -> None:
    red = _red(sums)
    _done(sums, "T002", red)
    route = sums.commit("test(red): route", {"tests/test_route.py": RED.replace("test_sum", "test_route")})
    _done(sums, "T003", route)
    types = sums.commit("feat: types", {"app/types.py": ""})
    _done(sums, "T004", types)
    wrong = sums.commit("feat(green): add", {"app/sums.py": "def add(a, b):\n    return b\n"})

    found = _done(sums, "T005", wrong)

    assert "1 of 1 tests that were red do not pass" in str(found["error"])
    assert [(each["file"], each["line"]) for each in found["blockers"]] == [("tests/test_sums.py", 4)]
    assert "assert 2 == 3" in found["blockers"][0]["message"]


@pytest.mark.parametrize(
    ("arguments", "why", "then"),
    [
        (("done", "T099", *NOTED, "--commit", "HEAD"), "there is no task T099", "devkit task status"),
        (("done", "T002", "--commit", "HEAD"), "not done without --notes", "--notes"),
        (("done", "T002", "--commit", "HEAD", "--notes", "x"), "not done without --evidence", "--evidence"),
        (("done", "T002", *NOTED), "not done without --commit", "--commit"),
        (("done", "T002", *NOTED, "--commit", "abcdef1"), "abcdef1 is no commit", "git log"),
        (("done", "T002", *NOTED, "--commit", "main"), "main is on main already", "made for this task"),
        (("done", "T002", *NOTED, "--commit", "other"), "other is not on this branch", "made for this task"),
        (("done", "T002", *NOTED[:4], "--coverage", "lots", "--commit", "HEAD"), "is no coverage in percent", "95.2"),
        (("done", "T002", *NOTED[:4], "--coverage", "NaN", "--commit", "HEAD"), "is no coverage in percent", "95.2"),
        (("done", "T002", *NOTED[:4], "--commit", "HEAD"), "the coverage was not measured", "just gate tests"),
        (("done", "T005", *NOTED, "--commit", "HEAD"), "T005 comes after T004", "devkit task start T004"),
        (("done", "T001", *NOTED, "--commit", "HEAD"), "T001 is done", "devkit task rollback T001"),
        (("start", "T001"), "T001 is done", "devkit task rollback T001"),
        (("start", "T006"), "T006 comes after T005", "devkit task start T005"),
        (("fail", "T002"), "has not failed without --error", "--error"),
        (("fail", "T002", "--error", "x", "--at", "there"), "is no FILE:LINE", "--at app/"),
        (("rollback", "T002"), "T002 was not done by devkit task", "git revert"),
        (("status", "--spec", "mails"), "no specification mails", "devkit spec new"),
    ],
)  # fmt: skip
def test_refusal_names_the_next_step(sums: Service, arguments: tuple[str, ...], why: str, then: str) -> None:
    sums.git("branch", "other", sums.git("commit-tree", "HEAD^{tree}", "-m", "of nobody"))

    found = sums.facts("task", *arguments)

    assert why in found["error"], found
    assert then in found["next"]


def test_coverage_is_read_where_it_is_newer_than_the_commits(sums: Service) -> None:
    red = _red(sums)
    data = sums.root / ".coverage"
    data.touch()
    sums.commit("chore: ignore", {".gitignore": ".coverage\n.worktrees\n.dev\n.venv\n"})
    os.utime(data, (1, 1))
    old = _done(sums, "T002", red, more=NOTED[:4])
    os.utime(data)

    assert "before the last of these commits" in str(old["error"])
    assert _done(sums, "T002", red, more=NOTED[:4])["coverage"] == {"percent": 91.5, "difference": 1.5}


def test_task_is_started_and_fails_with_its_place(sums: Service) -> None:
    assert sums.facts("task", "start", "T002")["status"] == "started"
    found = sums.facts("task", "fail", "T002", "--error", "no table, at app/sums.py:2")

    assert found["blockers"] == [{"message": "no table, at app/sums.py:2", "file": "app/sums.py", "line": 2}]
    status = sums.facts("task", "status")
    assert [(each["task"], each["line"]) for each in status["blockers"]] == [("T002", 2)]
    assert sums.facts("task", "status", "T002")["status"] == "failed"
    assert "1 of 7 done" in sums.devkit("task", "status").stdout


def test_dry_run_changes_nothing(sums: Service) -> None:
    red = _red(sums)

    assert _done(sums, "T002", red, more=(*NOTED, "--dry-run"))["ok"]
    assert sums.facts("task", "start", "T002", "--dry-run")["ok"]
    assert sums.git("status", "--porcelain") == ""


def test_done_said_again_by_the_same_commits_is_no_error(sums: Service) -> None:
    red = _red(sums)
    first = _done(sums, "T002", red)

    again = _done(sums, "T002", red)

    assert again["tests"] == first["tests"]
    assert (sums.root / "specs/001-sums/NOTES.md").read_text().count("T002 done") == 1


def test_task_that_was_ticked_by_hand_is_named(sums: Service) -> None:
    path = sums.root / "specs/001-sums/tasks.md"
    path.write_text(path.read_text().replace("- [ ] T002", "- [x] T002"))

    assert sums.facts("task", "status")["ticked_by_hand"] == ["T002"]


def test_tasks_taken_back_are_reverted_and_open_in_one_commit(sums: Service) -> None:
    _, green = _walk(sums)
    assert _done(sums, "T005", green)["ok"]
    sums.commit("docs: T005", {})
    before = sums.git("rev-parse", "HEAD")

    on_them = sums.facts("task", "rollback", "T003", "T004")
    found = sums.facts("task", "rollback", "T004", "T005")

    assert on_them["next"] == "devkit task rollback T003 T004 T005"
    assert found["ok"], found
    assert _ticked(sums) == ["T001", "T002", "T003"]
    assert (sums.root / "app/sums.py").read_text() == "def add(a, b):\n    return a\n"
    assert not (sums.root / "app/types.py").exists()
    assert sums.git("rev-parse", "HEAD^") == before
    assert sums.git("status", "--porcelain") == ""
    assert "## T005 reopened" in (sums.root / "specs/001-sums/NOTES.md").read_text()


def test_task_whose_lines_were_changed_since_is_not_taken_back(sums: Service) -> None:
    red = _red(sums)
    _done(sums, "T002", red)
    later = sums.commit("test: more", {"tests/test_sums.py": RED.replace("3", "4")})

    found = sums.facts("task", "rollback", "T002")

    assert "later commits changed the same lines" in found["error"]
    assert sums.git("rev-parse", "HEAD") == later
    assert sums.git("worktree", "list").count("\n") == 0


@pytest.mark.parametrize("place", ["journal:Journal.replace", "journal:replace_whole", ">journal:replace_whole", "journal:put", ">journal:put"])  # fmt: skip
@pytest.mark.parametrize("then", [("task", "status"), ("tasks",)])
def test_killed_command_leaves_both_files_or_none(sums: Service, place: str, then: tuple[str, ...]) -> None:
    sums.killed(place, "task", "fail", "T002", "--error", "no")

    assert sums.facts(*then)["ok"]

    tasks, notes = ((sums.root / "specs/001-sums" / name).read_text() for name in ("tasks.md", "NOTES.md"))
    assert ("[!] T002" in tasks) == ("T002 failed" in notes)
    assert sums.facts("task", "fail", "T002", "--error", "no")["ok"]


def test_kill_between_the_two_files_is_completed_by_the_next_command(sums: Service) -> None:
    folder = sums.root / "specs/001-sums"
    notes = (folder / "NOTES.md").read_text()
    sums.killed(">journal:put", "task", "fail", "T002", "--error", "no")
    (folder / "NOTES.md").write_text(notes + "edited")
    edited = sums.facts("task", "status")
    (folder / "NOTES.md").write_text(notes)

    assert "was edited since" in edited["error"]
    assert sums.facts("task", "status", "T002")["status"] == "failed"
    assert "T002 failed" in (folder / "NOTES.md").read_text()


@pytest.mark.parametrize("place", ["rollback:throw_away", "rollback:_revert", "rollback:_commit", ">rollback:_commit"])
def test_rollback_that_was_killed_is_run_again(sums: Service, place: str) -> None:
    red = _red(sums)
    _done(sums, "T002", red)
    sums.commit("docs: T002", {})
    sums.killed(place, "task", "rollback", "T002")

    assert _ticked(sums) == ["T001", "T002"]
    assert sums.facts("task", "rollback", "T002")["ok"]
    assert _ticked(sums) == ["T001"]
    assert not (sums.root / "tests").exists() or not [*Path(sums.root / "tests").glob("*.py")]


def test_rollback_killed_while_the_branch_moved_is_run_again(sums: Service) -> None:
    red = _red(sums)
    _done(sums, "T002", red)
    dirty = sums.facts("task", "rollback", "T002")
    sums.commit("docs: T002", {})
    (sums.root / ".git/devkit-rollback").write_text("of a killed command")
    (sums.root / "app/sums.py").write_text("half")

    found = sums.facts("task", "rollback", "T002")

    assert "changes that are not committed" in dirty["error"]
    assert found["ok"], found
    assert "left by an interrupted finish" in sums.git("stash", "list")


def test_task_that_makes_something_names_the_commit_that_makes_it(sums: Service) -> None:
    for task, name in (("T002", "sums"), ("T003", "route")):
        _done(
            sums, task, sums.commit("test(red): x", {f"tests/test_{name}.py": RED.replace("test_sum", f"test_{name}")})
        )
    other = sums.commit("docs: types", {"types.md": ""})

    assert "none of the commits of T004 is feat(green)" in _done(sums, "T004", other)["error"]


def test_red_run_that_was_killed_is_run_again(sums: Service) -> None:
    red = _red(sums)
    sums.killed(">red:ThrowAway.run", "task", "done", "T002", "--commit", red, *NOTED)

    assert _done(sums, "T002", red)["ok"]
    assert sums.git("worktree", "list").count("\n") == 0


def test_two_processes_lose_no_task(sums: Service) -> None:
    tasks = ("T002", "T003")
    started = [sums.popen("task", "fail", each, "--error", "no") for each in tasks]
    said = [process.communicate()[0] for process in started]

    assert [process.returncode for process in started] == [0, 0], said
    text = (sums.root / "specs/001-sums/tasks.md").read_text()
    notes = (sums.root / "specs/001-sums/NOTES.md").read_text()
    assert [f"[!] {each}" in text and f"{each} failed" in notes for each in tasks] == [True, True]
