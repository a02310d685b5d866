"""Commit messages are held to Conventional Commits."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from dev import commits
from dev.commits import Commit, commits_in
from tests.dev.repository import Repository


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.setattr(commits, "ROOT", tmp_path)
    return Repository(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("subject", "kind", "breaking", "summary"),
    [
        ("feat: list the users", "feat", False, "list the users"),
        ("fix(api): answer 404 for what was deleted", "fix", False, "api: answer 404 for what was deleted"),
        ("feat!: drop the first version", "feat", True, "drop the first version"),
        ("refactor(db, models)!: name tables anew", "refactor", True, "db, models: name tables anew"),
        ("build(deps): bump ruff from 0.17.5 to 0.17.6", "build", False, "deps: bump ruff from 0.17.5 to 0.17.6"),
    ],
)
def test_conventional_subject_says_what_it_is(subject: str, kind: str, breaking: bool, summary: str) -> None:
    commit = Commit("1a2b3c4", subject)

    assert (commit.fault, commit.type, commit.breaking, commit.summary) == (None, kind, breaking, summary)


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
    commit = Commit("1a2b3c4", subject)

    assert str(commit.fault).startswith("not `type(scope): what it does`")
    assert (commit.type, commit.breaking, commit.summary) == (None, False, subject)


def test_long_subject_is_refused() -> None:
    assert Commit("1a2b3c4", "feat: " + "x" * 94).fault is None
    assert Commit("1a2b3c4", "feat: " + "x" * 95).fault == "longer than 100 characters"


@pytest.mark.parametrize(
    ("body", "breaking"),
    [
        ("BREAKING CHANGE: names are numbers now", True),
        ("Why.\n\nBREAKING-CHANGE: names are numbers now", True),
        ("This is no BREAKING CHANGE: names stay", False),
        ("BREAKING CHANGE", False),
    ],
)
def test_paragraph_can_say_that_callers_must_change(body: str, breaking: bool) -> None:
    assert Commit("1a2b3c4", "fix: number the names", body).breaking is breaking


def test_range_is_read_with_its_bodies(repository: Repository) -> None:
    repository.commit("chore: start")
    repository.commit("feat: one", "Why it is so.\nOn two lines.", "BREAKING CHANGE: all")
    repository.commit("fix: two")

    found = commits_in(repository.root, "HEAD~2..HEAD")

    assert [(each.subject, each.body.strip()) for each in found] == [
        ("fix: two", ""),
        ("feat: one", "Why it is so.\nOn two lines.\n\nBREAKING CHANGE: all"),
    ]


def test_well_formed_range_passes(repository: Repository) -> None:
    repository.commit("whatever came before")
    repository.commit("feat: one")
    repository.commit("fix: two")

    result = CliRunner().invoke(commits.commits, ["HEAD~2..HEAD"])

    assert (result.exit_code, result.output) == (0, "well-formed messages: 2\n")


def test_each_fault_of_a_range_is_named(repository: Repository) -> None:
    repository.commit("chore: start")
    repository.commit("wip")
    repository.commit("feat: two")
    repository.commit("done.")

    result = CliRunner().invoke(commits.commits, ["HEAD~3..HEAD"])

    assert result.exit_code == 1
    assert [line.split(" ", 1)[1] for line in result.output.splitlines()[::2]] == [
        "done.",
        "wip",
        "2 of 3 messages must change: git rebase --interactive",
    ]


def test_merge_needs_no_type(repository: Repository) -> None:
    repository.commit("chore: start")
    repository.git("switch", "--quiet", "--create", "topic")
    repository.commit("feat: topic")
    repository.git("switch", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "--message", "Merge branch 'topic'", "topic")

    result = CliRunner().invoke(commits.commits)

    assert (result.exit_code, result.output) == (0, "well-formed messages: 1\n")


@pytest.mark.parametrize("revisions", ["nowhere..HEAD", "--output=file"])
def test_unknown_range_is_refused(repository: Repository, revisions: str) -> None:
    repository.commit("chore: start")

    result = CliRunner().invoke(commits.commits, ["--", revisions])

    assert result.exit_code == 1
    assert revisions in result.output
    assert not (repository.root / "file").exists()
