"""The workflows of the template: pinned, with the least permissions, and with commands that exist and do what they say."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.project import run
from tests.variants import REPOSITORY, TREE, choices

WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
PIN = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
# All that any job may do beside reading the repository, and why it must.
ALLOWED_TO_WRITE = {
    ("rot.yml", "update"): {"contents", "pull-requests"},
    ("release.yml", "release"): {"contents"},
    ("release.yml", "devkit"): {"id-token"},
}
WORKFLOW_IDS = [path.name for path in WORKFLOWS]
PULL_REQUEST = "pr create --head rot/newest-versions"


def jobs_of(path: Path) -> dict[str, dict[str, Any]]:
    """The jobs of a workflow."""
    jobs: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return jobs


def steps() -> list[dict[str, Any]]:
    """Every step of every workflow."""
    return [step for path in WORKFLOWS for job in jobs_of(path).values() for step in job["steps"]]


def test_workflow_linter_finds_nothing() -> None:
    linted = run("zizmor", "--offline", "--persona", "pedantic", ".github", cwd=REPOSITORY)

    assert linted.returncode == 0, linted.stdout


def test_workflows_follow_the_schema_of_github() -> None:
    checked = run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS, cwd=REPOSITORY)

    assert checked.returncode == 0, checked.stdout


def test_updates_of_the_pins_follow_the_schema_of_dependabot() -> None:
    checked = run("check-jsonschema", "--builtin-schema", "vendor.dependabot", ".github/dependabot.yml", cwd=REPOSITORY)

    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=WORKFLOW_IDS)
def test_actions_are_pinned_by_commit_with_their_version_beside_it(path: Path) -> None:
    used = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))

    assert used
    assert [action for action in used if not PIN.fullmatch(action)] == []


def test_an_action_has_one_pin_everywhere() -> None:
    used = {pin for path in WORKFLOWS for pin in re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))}

    assert len({pin.partition("@")[0] for pin in used}) == len(used)


@pytest.mark.parametrize("path", WORKFLOWS, ids=WORKFLOW_IDS)
def test_jobs_have_an_end_and_the_least_permissions(path: Path) -> None:
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["permissions"] == {}
    for name, job in jobs_of(path).items():
        writes = {scope for scope, access in job["permissions"].items() if access != "read"}
        assert job["timeout-minutes"] <= 60
        assert writes == ALLOWED_TO_WRITE.get((path.name, name), set())


def test_matrices_name_every_python_that_the_template_supports() -> None:
    matrices = [job["strategy"]["matrix"] for path in WORKFLOWS for job in jobs_of(path).values() if "strategy" in job]

    assert [matrix["python"] for matrix in matrices] == [choices()["python_version"]] * 2


def test_rot_resolves_every_dependency_that_the_template_has() -> None:
    matrix = jobs_of(REPOSITORY / ".github" / "workflows" / "rot.yml")["versions"]["strategy"]["matrix"]
    conditions = re.findall(r"{% if cookiecutter\.(.*) %}", (TREE / "pyproject.toml").read_text(encoding="utf-8"))
    asked = set(re.findall(r'"(.*?)"', " ".join(condition for condition in conditions if "!=" not in condition)))

    assert set(matrix["auth"]) <= asked
    assert [
        line
        for line in conditions  # an answer of yes or no is yes in the largest service, which `tools.rot` bakes
        if '"' in line and "!=" not in line and not any(f'"{one}"' in line for one in matrix["auth"])
    ] == []


def test_commands_of_the_workflows_exist() -> None:
    commands = " ".join(step["run"] for step in steps() if "run" in step)
    scripts = {name: (REPOSITORY / name).read_text(encoding="utf-8") for name in re.findall(r"\.ci/[\w-]+", commands)}
    modules = re.findall(r"python -m tools\.(\w+)", " ".join([commands, *scripts.values()]))

    assert {"lock", "notes", "rot"} <= set(modules)
    assert [name for name in modules if not (REPOSITORY / "tools" / f"{name}.py").is_file()] == []
    assert [name for name in scripts if not (REPOSITORY / name).stat().st_mode & 0o100] == []


def test_what_only_root_can_try_is_tried_by_root() -> None:
    (command,) = [step["run"] for step in steps() if "sudo " in step.get("run", "")]
    tests = [*REPOSITORY.glob("tests/test_*.py"), *REPOSITORY.glob("devkit/tests/**/test_*.py")]
    for_root = re.compile(r"^from tests.dockerfile import .*why_not_here|^@pytest.mark.skipif\(.*geteuid", re.MULTILINE)
    wanted = {path for path in tests if for_root.search(path.read_text(encoding="utf-8"))}

    tried = {REPOSITORY / word for word in command.split() if word.endswith(".py")}

    assert len(wanted) > 2
    assert tried == wanted


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with a remote and our scripts, where `uv` writes a new lock and `gh` writes down how it was called."""
    root = tmp_path / "clone"
    shutil.copytree(REPOSITORY / ".ci", root / ".ci")
    (root / "uv.lock").write_text("old\n")
    for name, script in {
        "uv": 'case "$*" in *tools.lock*) cat new >uv.lock ;; *) echo "notes of $5" ;; esac',
        "gh": 'echo "$@" >>calls; case "$*" in "pr list"*) grep -c "pr create" calls || true ;; esac',
    }.items():
        (root / "bin" / name).parent.mkdir(exist_ok=True)
        (root / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
        (root / "bin" / name).chmod(0o755)
    (root / ".gitignore").write_text("calls\nnew\n")
    for command in (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "."),
        ("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "--quiet", "--message", "chore: start"),
        ("init", "--quiet", "--bare", "../remote"),
        ("remote", "add", "origin", "../remote"),
    ):
        git(root, *command)
    return root


def git(root: Path, *arguments: str) -> str:
    """What git answers."""
    return subprocess.run(
        ["git", *arguments],  # noqa: S607 - git is found on PATH
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def run_script(root: Path, *command: str) -> str:
    """Run one of our scripts; how it called `gh`."""
    done = run(*command, cwd=root, PATH=f"{root / 'bin'}:/usr/bin:/bin")
    assert done.returncode == 0, done.stdout
    return (root / "calls").read_text(encoding="utf-8") if (root / "calls").exists() else ""


def test_update_is_pushed_and_proposed_once(clone: Path) -> None:
    (clone / "new").write_text("new\n")

    first = run_script(clone, ".ci/open-update")
    git(clone, "switch", "--quiet", "main")
    second = run_script(clone, ".ci/open-update")

    assert PULL_REQUEST in first
    assert second.count(PULL_REQUEST) == 1
    assert git(clone, "show", "origin/rot/newest-versions:uv.lock") == "new\n"


def test_no_update_is_proposed_when_nothing_is_newer(clone: Path) -> None:
    (clone / "new").write_text("old\n")

    assert run_script(clone, ".ci/open-update") == ""


@pytest.mark.parametrize(("tag", "expected"), [("v1.2.3", ""), ("v1.3.0-alpha.1", " --prerelease")])
def test_release_has_its_notes_and_says_whether_it_is_a_pre_release(clone: Path, tag: str, expected: str) -> None:
    called = run_script(clone, ".ci/release", tag)

    assert re.fullmatch(rf"release create {tag} --verify-tag --title {tag} --notes-file \S+{expected}\n", called)


def test_repository_and_its_history_have_no_credential() -> None:
    scanned = run(sys.executable, "-m", "service_devkit", "secrets", "--root", str(REPOSITORY), cwd=REPOSITORY)

    assert (scanned.returncode, scanned.stdout) == (0, "")
