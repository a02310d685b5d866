"""`just release` leaves a repository as it was where a release would be wrong."""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from dev import release as command
from tests.dev.repository import RED, Repository, release, unreleased_service


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    return unreleased_service(tmp_path, monkeypatch)


def release_correction(repository: Repository) -> None:
    """Release 0.1.0, and 0.1.1 on its branch; back on main, which has not got the correction."""
    release()
    repository.git("switch", "--quiet", "release/0.1")
    repository.commit("fix: keep their order")
    release()
    repository.git("switch", "--quiet", "main")


def test_feature_is_not_released_on_a_release_branch(repository: Repository) -> None:
    release()
    repository.git("switch", "--quiet", "release/0.1")
    repository.commit("feat: find notes")

    result = release()

    assert result.exit_code == 1
    assert "release/0.1 is for corrections; its commits make 0.2.0" in result.output
    assert repository.tags() == ["v0.1.0"]


def test_version_that_a_release_branch_took_is_not_released_again(repository: Repository) -> None:
    release_correction(repository)
    repository.commit("fix: something else")

    result = release()

    assert result.exit_code == 1
    assert "v0.1.1 is released already: merge its release branch first" in result.output


def test_released_version_has_no_later_pre_release(repository: Repository) -> None:
    release_correction(repository)
    repository.commit("fix: something else")

    result = release("--pre", "alpha")

    assert result.exit_code == 1
    assert "v0.1.1 is released already" in result.output


def test_correction_that_waits_on_the_release_branch_is_not_lost(repository: Repository) -> None:
    release()
    repository.git("switch", "--quiet", "release/0.1")
    repository.commit("fix: keep their order")
    waiting = repository.git("rev-parse", "HEAD")
    repository.git("switch", "--quiet", "main")
    repository.commit("fix: something else")

    result = release()

    assert result.exit_code == 1
    assert "release/0.1 has commits that are not here: merge it first" in result.output
    assert repository.git("rev-parse", "release/0.1") == waiting
    assert repository.tags() == ["v0.1.0"]


def test_nothing_is_released_twice(repository: Repository) -> None:
    release()

    result = release()

    assert result.exit_code == 1
    assert "Nothing was committed since v0.1.0" in result.output
    assert repository.tags() == ["v0.1.0"]


def test_changes_that_are_not_committed_stop_a_release(repository: Repository) -> None:
    (repository.root / "new.txt").write_text("half done")

    result = release()

    assert result.exit_code == 1
    assert "changes that are not committed" in result.output
    assert repository.tags() == []


def test_other_branch_releases_nothing(repository: Repository) -> None:
    repository.git("switch", "--quiet", "--create", "topic")

    result = release()

    assert result.exit_code == 1
    assert "Releases are made on main or on a release branch such as release/1.2, not on topic" in result.output
    assert repository.tags() == []


def test_commit_without_a_branch_releases_nothing(repository: Repository) -> None:
    repository.git("switch", "--quiet", "--detach")

    assert "not on no branch" in release().output


def test_failing_gate_leaves_everything_as_it_was(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "CHECK", RED)
    before = repository.git("rev-parse", "HEAD")

    result = release()

    assert result.exit_code == 1
    assert "A gate failed, see above: nothing was released" in result.output
    assert repository.git("status", "--porcelain") == ""
    assert (repository.git("rev-parse", "HEAD"), repository.tags()) == (before, [])


def test_commit_that_git_refuses_leaves_everything_as_it_was(repository: Repository) -> None:
    hook = repository.root / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho refused >&2\nexit 1\n")
    hook.chmod(0o755)

    result = release()

    assert (result.exit_code, repository.tags()) == (1, [])
    assert "refused" in result.output
    assert repository.git("status", "--porcelain") == ""


def test_tag_that_git_refuses_leaves_everything_as_it_was(repository: Repository) -> None:
    before = repository.git("rev-parse", "HEAD")
    repository.git("config", "tag.gpgSign", "true")
    repository.git("config", "gpg.program", "false")

    result = release()

    assert (result.exit_code, repository.tags()) == (1, [])
    assert repository.git("rev-parse", "HEAD") == before
    assert repository.git("status", "--porcelain") == ""


def test_work_that_goes_on_while_the_gates_run_stays(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository.root / "notes.py").write_text("before\n")
    repository.commit("feat: start")
    works = "import pathlib, sys; pathlib.Path('notes.py').write_text('after'); sys.exit(1)"
    monkeypatch.setattr(command, "CHECK", (sys.executable, "-c", works))

    result = release()

    assert result.exit_code == 1
    assert (repository.root / "notes.py").read_text() == "after"


def test_place_without_a_version_stops_a_release(repository: Repository) -> None:
    (repository.root / "uv.lock").write_text("version = 1\n")
    repository.commit("build: lose the lock")

    result = release()

    assert result.exit_code == 1
    assert "uv.lock has 0 places for the version instead of one" in result.output
    assert repository.git("status", "--porcelain") == ""


def test_tag_made_by_hand_has_no_notes(repository: Repository) -> None:
    repository.git("tag", "v9.9.9")

    result = CliRunner().invoke(command.release_notes, ["v9.9.9"])

    assert result.exit_code == 1
    assert "v9.9.9 is not the version of what it tags, 0.1.0" in result.output
