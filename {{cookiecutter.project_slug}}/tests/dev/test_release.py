"""`just release` on real repositories: version, changelog, commit, tag and branch."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from dev import release as command
from dev.gates import ROOT
from tests.dev.repository import PROJECT, Repository, release, unreleased_service


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    return unreleased_service(tmp_path, monkeypatch)


def versions(repository: Repository) -> list[str]:
    """The version in each place, as it stands there."""
    lines = [(repository.root / name).read_text().splitlines() for name in list(PROJECT)[:4]]
    return [line.split()[-1].strip('"') for file in lines for line in file if "version" in line.lower() and "." in line]


def test_first_release_is_the_version_of_the_contract(repository: Repository) -> None:
    result = release()

    assert result.exit_code == 0, result.output
    assert "Publish it: git push --atomic origin main v0.1.0 release/0.1" in result.output
    assert repository.tags() == ["v0.1.0"]
    assert repository.git("log", "-1", "--format=%s") == "chore(release): 0.1.0"


def test_release_writes_its_version_everywhere_and_its_changes_down(repository: Repository) -> None:
    release()
    repository.commit("feat(api): find notes")
    repository.commit("fix: keep their order")

    result = release()

    assert result.exit_code == 0, result.output
    assert versions(repository) == ["0.2.0"] * 4
    changelog = (repository.root / "CHANGELOG.md").read_text()
    assert [line.split(" (")[0] for line in changelog.splitlines() if line] == [
        "# Changelog",
        "## 0.2.0",
        "### Added",
        "- api: find notes",
        "### Corrected",
        "- keep their order",
        "## 0.1.0",
        "### Added",
        "- take notes",
    ]


def test_release_is_a_commit_with_an_annotated_tag_and_a_branch(repository: Repository) -> None:
    release()

    head = repository.git("rev-parse", "HEAD")
    assert repository.git("rev-parse", "release/0.1") == head
    assert repository.git("rev-parse", "v0.1.0^{commit}") == head
    assert repository.git("cat-file", "-t", "v0.1.0") == "tag"
    assert repository.git("status", "--porcelain") == ""
    assert repository.git("branch", "--show-current") == "main"


@pytest.mark.parametrize("stage", ["alpha", "beta"])
def test_pre_release_has_a_number_no_branch_and_no_section(repository: Repository, stage: str) -> None:
    release()
    repository.commit("feat: find notes")
    release("--pre", stage)
    repository.commit("fix: find all of them")

    result = release("--pre", stage)

    assert result.exit_code == 0, result.output
    assert repository.tags() == ["v0.1.0", f"v0.2.0-{stage}.1", f"v0.2.0-{stage}.2"]
    assert versions(repository) == [f"0.2.0-{stage}.2"] * 2 + [f"0.2.0{stage[0]}2"] * 2
    assert repository.git("branch", "--format=%(refname:short)").split() == ["main", "release/0.1"]
    assert "0.2.0" not in (repository.root / "CHANGELOG.md").read_text()


def test_release_after_pre_releases_has_all_their_changes(repository: Repository) -> None:
    release()
    repository.commit("feat: find notes")
    release("--pre", "beta")
    repository.commit("fix: find all of them")

    result = release()

    assert result.exit_code == 0, result.output
    assert repository.tags() == ["v0.1.0", "v0.2.0", "v0.2.0-beta.1"]
    assert "- find notes\n\n### Corrected\n\n- find all of them" in (repository.root / "CHANGELOG.md").read_text()


def test_version_that_was_raised_in_the_contract_is_meant(repository: Repository) -> None:
    release()
    contract = repository.root / "contracts" / "openapi.yaml"
    contract.write_text(contract.read_text().replace("0.1.0", "1.0.0"))
    repository.commit("docs: promise to keep the contract")

    release()

    assert repository.tags() == ["v0.1.0", "v1.0.0"]
    assert versions(repository) == ["1.0.0"] * 4


def test_correction_is_released_on_its_release_branch(repository: Repository) -> None:
    release()
    repository.commit("feat: find notes")
    repository.git("switch", "--quiet", "release/0.1")
    repository.commit("fix: keep their order")

    result = release()

    assert result.exit_code == 0, result.output
    assert "git push --atomic origin release/0.1 v0.1.1\n" in result.output
    assert repository.git("rev-parse", "release/0.1") == repository.git("rev-parse", "v0.1.1^{commit}")


def test_release_follows_the_highest_version_when_a_release_branch_was_merged(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    release()
    repository.commit("feat: find notes")
    release()
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2090-01-01T00:00:00Z")  # the correction is the younger and the nearer one
    repository.git("switch", "--quiet", "release/0.1")
    for summary in ("keep their order", "keep their dates", "keep their names"):
        repository.commit(f"fix: {summary}")
    release()
    repository.git("switch", "--quiet", "main")
    repository.git("merge", "--quiet", "--strategy=ours", "release/0.1")
    repository.commit("fix: something else")

    result = release()

    assert result.exit_code == 0, result.output
    assert repository.tags() == ["v0.1.0", "v0.1.1", "v0.2.0", "v0.2.1"]


def test_gates_see_the_new_version(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    release()
    repository.commit("feat: find notes")
    looks = "import pathlib, sys; sys.exit('0.2.0' not in pathlib.Path('app/core/project.py').read_text())"
    monkeypatch.setattr(command, "CHECK", (sys.executable, "-c", looks))

    assert release().exit_code == 0


def test_dry_run_says_the_release_and_makes_none(repository: Repository) -> None:
    (repository.root / "new.txt").write_text("half done")

    result = release("--dry-run")

    assert (result.exit_code, result.output) == (0, "0.1.0\n\n### Added\n\n- take notes\n\n")
    assert repository.tags() == []


def test_notes_of_a_tag_are_those_since_the_last_release_for_good(repository: Repository) -> None:
    release()
    repository.commit("feat: find notes")
    release("--pre", "alpha")
    repository.commit("fix: find all of them")
    release("--pre", "alpha")
    notes = {}

    for tag in repository.tags():
        repository.git("checkout", "--quiet", tag)
        notes[tag] = CliRunner().invoke(command.release_notes, [tag]).output

    assert notes == {
        "v0.1.0": "### Added\n\n- take notes\n",
        "v0.2.0-alpha.1": "### Added\n\n- find notes\n",
        "v0.2.0-alpha.2": "### Added\n\n- find notes\n\n### Corrected\n\n- find all of them\n",
    }


def test_commands_are_listed() -> None:
    listed = subprocess.run([sys.executable, "-m", "dev", "--help"], capture_output=True, text=True, check=True)

    assert "release " in listed.stdout
    assert "release-notes " in listed.stdout
    assert "commits " in listed.stdout


def test_each_place_of_this_service_has_one_version() -> None:
    for name, pattern in command.PLACES:
        assert len(re.findall(pattern, (ROOT / name).read_text(encoding="utf-8"))) == 1
