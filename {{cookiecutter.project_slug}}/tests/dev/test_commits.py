"""Commit messages are held to Conventional Commits."""

import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from dev import commits
from dev.commits import fault_of


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in {"NAME": "Ada", "EMAIL": "ada@example.com"}.items():
        monkeypatch.setenv(f"GIT_AUTHOR_{name}", value)
        monkeypatch.setenv(f"GIT_COMMITTER_{name}", value)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setattr(commits, "ROOT", tmp_path)
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    return tmp_path


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)  # noqa: S603, S607 - git from PATH


def commit(root: Path, message: str) -> None:
    git(root, "commit", "--quiet", "--allow-empty", "--message", message)


@pytest.mark.parametrize(
    "subject",
    [
        "feat: list the users",
        "fix(api): answer 404 for what was deleted",
        "feat!: drop the first version",
        "refactor(db, models)!: name tables in the plural",
        "build(deps): bump ruff from 0.17.5 to 0.17.6",
    ],
)
def test_conventional_subject_has_no_fault(subject: str) -> None:
    assert fault_of(subject) is None


@pytest.mark.parametrize(
    "subject",
    [
        "list the users",
        "feature: list the users",
        "feat list the users",
        "feat:list the users",
        "feat: list the users.",
        "feat(): list the users",
        "Feat: list the users",
        "feat: ",
        "",
    ],
)
def test_other_subject_is_told_the_form(subject: str) -> None:
    assert str(fault_of(subject)).startswith("not `type(scope): what it does`")


def test_long_subject_is_refused() -> None:
    assert fault_of("feat: " + "x" * 94) is None
    assert fault_of("feat: " + "x" * 95) == "longer than 100 characters"


def test_well_formed_range_passes(repository: Path) -> None:
    commit(repository, "whatever came before")
    commit(repository, "feat: one")
    commit(repository, "fix: two")

    result = CliRunner().invoke(commits.commits, ["HEAD~2..HEAD"])

    assert (result.exit_code, result.output) == (0, "well-formed messages: 2\n")


def test_each_fault_of_a_range_is_named(repository: Path) -> None:
    commit(repository, "chore: start")
    commit(repository, "wip")
    commit(repository, "feat: two")
    commit(repository, "done.")

    result = CliRunner().invoke(commits.commits, ["HEAD~3..HEAD"])

    assert result.exit_code == 1
    assert [line.split(" ", 1)[1] for line in result.output.splitlines()[::2]] == [
        "done.",
        "wip",
        "2 of 3 messages must change: git rebase --interactive",
    ]


def test_merge_needs_no_type(repository: Path) -> None:
    commit(repository, "chore: start")
    git(repository, "switch", "--quiet", "--create", "topic")
    commit(repository, "feat: topic")
    git(repository, "switch", "--quiet", "main")
    git(repository, "merge", "--quiet", "--no-ff", "--message", "Merge branch 'topic'", "topic")

    result = CliRunner().invoke(commits.commits)

    assert (result.exit_code, result.output) == (0, "well-formed messages: 1\n")


@pytest.mark.parametrize("revisions", ["nowhere..HEAD", "--output=file"])
def test_unknown_range_is_refused(repository: Path, revisions: str) -> None:
    commit(repository, "chore: start")

    result = CliRunner().invoke(commits.commits, ["--", revisions])

    assert result.exit_code == 1
    assert revisions in result.output
    assert not (repository / "file").exists()
