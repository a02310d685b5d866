"""`devkit start`: a branch and a worktree, or a refusal that says what to do."""

import json
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from devkit.tests.workflow.conftest import FIRST_PORT, PYPROJECT, Service


def test_work_starts_in_a_worktree_of_its_own(made: Service) -> None:
    done = made.devkit("start", "feature/bookings", "Bookings of rooms")

    there = made.root / ".worktrees" / "bookings"
    assert done.exit_code == 0, done.output
    assert f"Next: cd {there}, and when it is done: devkit finish" in done.output
    assert made.git("branch", "--show-current", cwd=there) == "feature/bookings"
    assert (there / ".venv").is_dir()
    assert f"PORT={FIRST_PORT}\n" in (there / ".env").read_text()
    assert stat.S_IMODE((there / ".env").stat().st_mode) == 0o600
    [row] = made.registry()
    assert (row["name"], row["branch"], row["port"], row["title"], row["base"], row["state"]) == (
        "bookings",
        "feature/bookings",
        FIRST_PORT,
        "Bookings of rooms",
        "main",
        "ready",
    )


def test_worktrees_are_hidden_from_git_and_from_linters(made: Service) -> None:
    there = made.start("feature/bookings")
    (made.root / "b.py").write_text("import os\n")
    (there / "c.py").write_text("import os\n")

    assert made.git("status", "--porcelain") == "?? b.py"
    assert _linted(made.root) == {"b.py"}
    assert _linted(there) == {"c.py"}


def _linted(folder: Path) -> set[str]:
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format=json", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    return {Path(found["filename"]).name for found in json.loads(done.stdout)}


@pytest.mark.parametrize(
    ("tags", "base"),
    [
        ([], "main"),
        (["v1.0.0"], "v1.0.0"),
        (["v1.9.0", "v1.10.0"], "v1.10.0"),
        (["v1.0.0", "v2.0.0-alpha.1"], "v1.0.0"),
        (["v2.0.0-alpha.1"], "main"),
        (["nightly"], "main"),
    ],
)
def test_work_starts_from_the_latest_stable_tag(made: Service, tags: list[str], base: str) -> None:
    for tag in tags:
        made.git("tag", tag)
    made.commit("feat: later", {"b.py": ""})

    found = made.facts("start", "fix/late-mail")

    assert found["base"] == base
    assert (Path(found["path"]) / "b.py").exists() == (base == "main")


def test_tag_outside_of_main_starts_a_hotfix_only(made: Service) -> None:
    made.git("tag", "v1.0.0")
    made.git("switch", "--quiet", "--create", "release/1.0")
    made.commit("fix: patch", {"patch.py": ""})
    made.git("tag", "v1.0.1")
    made.git("switch", "--quiet", "main")

    feature, hotfix = made.facts("start", "feature/x"), made.facts("start", "hotfix/crash", "--hotfix")

    assert (feature["base"], hotfix["base"]) == ("v1.0.0", "v1.0.1")


def test_another_start_can_be_named(made: Service) -> None:
    first = made.git("rev-parse", "HEAD")
    made.commit("feat: later", {"b.py": ""})

    assert made.facts("start", "refactor/names", "--from", "main~1")["commit"] == first


def _dirty(service: Service) -> None:
    (service.root / "a.py").write_text("A = 2\n")


def _untracked(service: Service) -> None:
    (service.root / "new.py").touch()


def _branch(service: Service) -> None:
    service.git("branch", "feature/bookings")


def _folder(service: Service) -> None:
    (service.root / ".worktrees" / "bookings").mkdir(parents=True)
    (service.root / ".worktrees" / ".gitignore").write_text("*\n")


def _other_kind(service: Service) -> None:
    service.start("fix/bookings")


def _started(service: Service) -> None:
    service.start("feature/bookings")


def _no_main(service: Service) -> None:
    service.git("branch", "--move", "main", "trunk")


def _nothing(_service: Service) -> None:
    pass


@pytest.mark.parametrize(
    ("before", "branch", "why", "then"),
    [
        (_dirty, "feature/bookings", "has changes that are not committed", "git commit or git stash"),
        (_untracked, "feature/bookings", "has changes that are not committed", "git commit or git stash"),
        (_branch, "feature/bookings", "the branch feature/bookings exists", "devkit worktree init"),
        (_folder, "feature/bookings", "bookings exists", "remove that folder"),
        (_other_kind, "feature/bookings", "the name bookings is taken by fix/bookings", "as feature/bookings-2"),
        (_started, "feature/bookings", "feature/bookings is started already", "devkit worktree remove bookings"),
        (_no_main, "feature/bookings", "there is no branch main", "[tool.devkit.workflow]"),
        (_nothing, "bookings", "'bookings' is no name for a branch here", "try feature/bookings"),
        (_nothing, "chore/bookings", "is no name for a branch here", "try feature/bookings"),
        (_nothing, "feature/Room Bookings", "is no name for a branch here", "try feature/room-bookings"),
        (_nothing, "feature/", "is no name for a branch here", "try feature/feature"),
        (_nothing, "feature/a--b", "is no name for a branch here", "try feature/a-b"),
        (_nothing, "feature/../../etc", "is no name for a branch here", "try feature/etc"),
        (_nothing, f"feature/{'x' * 41}", "is no name for a branch here", f"try feature/{'x' * 40}"),
        (_nothing, "hotfix/crash", "is no name for a branch here", "try feature/crash"),
    ],
)
def test_refusal_says_why_and_what_to_do(
    made: Service, before: Callable[[Service], None], branch: str, why: str, then: str
) -> None:
    before(made)
    branches = made.git("branch", "--list")

    done, facts = made.devkit("start", branch), made.facts("start", branch)

    assert done.exit_code == 1
    assert why in done.stderr.splitlines()[0]
    assert then in done.stderr.splitlines()[0]
    assert why in facts["error"]
    assert then in facts["next"]
    assert made.git("branch", "--list") == branches


def test_unknown_start_is_refused(made: Service) -> None:
    assert made.facts("start", "feature/x", "--from", "v9.9.9")["error"] == "v9.9.9 is no commit"


def test_dry_run_makes_nothing(made: Service) -> None:
    found = made.facts("start", "feature/bookings", "--dry-run")

    assert (found["dry_run"], found["port"], found["database"]) == (True, FIRST_PORT, "dev_bookings")
    assert made.git("branch", "--list") == "* main"
    assert not (made.root / ".worktrees").exists()


def test_port_that_somebody_listens_on_is_passed_over(made: Service) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", FIRST_PORT + 4))
        taken.listen()

        assert made.facts("start", "feature/one")["port"] == FIRST_PORT + 10


def test_five_at_once_get_ports_of_their_own(made: Service) -> None:
    started = [made.popen("start", f"feature/n{number}") for number in range(5)]
    said = [process.communicate()[0] for process in started]

    assert [process.returncode for process in started] == [0] * 5, said
    assert sorted(row["port"] for row in made.registry()) == [FIRST_PORT + 10 * number for number in range(5)]
    assert {row["state"] for row in made.registry()} == {"ready"}


def test_folder_that_another_start_has_not_hidden_yet_is_no_change(made: Service) -> None:
    (made.root / ".worktrees").mkdir()
    (made.root / ".worktrees" / "half").write_text("of another start")

    assert made.facts("start", "feature/bookings")["ok"]
    assert made.git("status", "--porcelain") == ""


def test_same_work_started_twice_at_once_is_started_once(made: Service) -> None:
    started = [made.popen("start", "feature/bookings") for _ in range(4)]
    said = [process.communicate()[0] for process in started]

    assert [process.returncode for process in started].count(0) == 1, said
    assert len(made.registry()) == 1


@pytest.mark.parametrize(
    "place",
    [
        ">begin:_registered",
        "begin:_remove_unfinished",
        "begin:hide",
        "begin:say",
        ">begin:_add",
        "begin:prepare",
        "place:write_env_file",
        ">place:write_env_file",
        "place:run_shown",
        ">place:run_shown",
    ],
)
def test_start_that_was_killed_is_run_again(made: Service, place: str) -> None:
    made.killed(place, "start", "feature/bookings", "Bookings of rooms")

    found = made.facts("start", "feature/bookings", "Bookings of rooms")

    assert found["ok"], found
    [row] = made.registry()
    assert (row["state"], row["title"], row["port"]) == ("ready", "Bookings of rooms", FIRST_PORT)
    assert made.git("status", "--porcelain", cwd=Path(row["path"])) == ""
    assert [*(made.root / ".git/devkit").glob(".*")] == []


def test_git_killed_while_it_makes_the_worktree_leaves_nothing_in_the_way(made: Service) -> None:
    made.killed("begin:_add", "start", "feature/bookings")
    made.git("branch", "feature/bookings")
    half = made.root / ".worktrees" / "bookings"
    half.mkdir(parents=True)
    (half / "a.py").touch()

    assert made.facts("start", "feature/bookings")["ok"]
    assert (half / "a.py").read_text() == "A = 1\n"


def test_setup_that_fails_is_named_and_run_again(made: Service) -> None:
    text = (made.root / "pyproject.toml").read_text().replace("mkdir -p .venv", "test -e ../../allowed")
    made.commit("chore: setup", {"pyproject.toml": text, ".gitignore": "allowed\n.env\n.dev\n"})

    refused = made.facts("start", "feature/bookings")
    (made.root / "allowed").touch()
    again = made.facts("start", "feature/bookings")

    assert "`test -e ../../allowed` ended with status 1" in refused["error"]
    assert again["ok"], again


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("first-prot = 1", "has first-prot = 1"),
        ('first-port = "8000"', "has first-port = '8000'"),
        ("first-port = true", "has first-port = True"),
    ],
)
def test_setting_that_is_none_is_refused_with_those_that_are(made: Service, line: str, why: str) -> None:
    text = (made.root / "pyproject.toml").read_text().replace(f"first-port = {FIRST_PORT}", line)
    made.commit("chore: setting", {"pyproject.toml": text})

    found = made.facts("start", "feature/bookings")

    assert why in found["error"]
    assert "first-port (int)" in found["next"]


def test_service_without_repository_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    service = Service(tmp_path)

    without = service.facts("start", "feature/x")
    service.git("init", "--quiet")
    empty = service.facts("start", "feature/x")

    assert "is in no git repository" in without["error"]
    assert empty["error"] == "the repository has no commit"


def test_service_in_a_folder_of_the_repository_is_found_in_the_worktree(tmp_path: Path) -> None:
    whole = Service(tmp_path)
    whole.git("init", "--quiet")
    whole.commit("chore: begin", {"services/one/pyproject.toml": PYPROJECT, ".gitignore": ".env\n.dev/\n.venv/\n"})
    inside = tmp_path / "services" / "one"

    found = whole.facts("start", "feature/x", cwd=inside)

    assert found["ok"], found
    assert (tmp_path / ".worktrees/x/services/one/.env").exists()
