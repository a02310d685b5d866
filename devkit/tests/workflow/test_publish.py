"""`devkit publish`: what the remote does not have is never said to be published."""

import json
import os
from pathlib import Path

import pytest
from devkit.tests.workflow.conftest import PYPROJECT, Service

CHANGELOG = """# Changes

## v1.1.0-alpha.1 (2026-03-15)

### Feat

- rooms

## v1.0.0 (2026-03-14)

### Feat

- bookings

### Fix

- late mail
"""
# A stand-in for gh and glab: it notes what it is called with, and knows the releases that were made.
PROGRAM = """#!/bin/sh
echo "$0 $*" >> "$CALLS"
case "$1 $2" in
    "release view") grep -q "release create $3" "$CALLS" ;;
    "release create") [ -z "${REFUSES:-}" ] || { echo "not signed in" >&2; exit 4; } ;;
esac
"""
NOTES = "### Feat\n\n- bookings\n\n### Fix\n\n- late mail"


@pytest.fixture
def tagged(made: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A release and a pre-release, neither of them pushed; neither gh nor glab is installed."""
    made.commit("chore(release): 1.0.0", {"CHANGELOG.md": CHANGELOG})
    made.git("tag", "--annotate", "--message", "1.0.0", "v1.0.0")
    made.git("tag", "v1.1.0-alpha.1")
    made.git("init", "--quiet", "--bare", str(tmp_path / "remote.git"))
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("git", "sh", "grep"):
        (folder / name).symlink_to(
            next(Path(each) / name for each in os.environ["PATH"].split(":") if (Path(each) / name).exists())
        )
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    (tmp_path / "calls").touch()
    _remote(made, tmp_path, "https://github.com/acme/rooms.git")
    return made


def _remote(service: Service, folder: Path, url: str) -> None:
    service.git("config", "remote.origin.url", url)
    service.git("config", f"url.{folder / 'remote.git'}.insteadOf", url)


def _install(folder: Path, name: str) -> None:
    (folder / "bin" / name).write_text(PROGRAM)
    (folder / "bin" / name).chmod(0o755)


def _calls(folder: Path) -> list[str]:
    return [line.removeprefix(f"{folder}/bin/") for line in (folder / "calls").read_text().splitlines()]


@pytest.mark.parametrize(
    ("url", "program", "asked"),
    [
        ("https://github.com/acme/rooms.git", "gh", "--repo github.com/acme/rooms --verify-tag --title v1.0.0 --notes-file"),
        ("git@github.com:acme/rooms.git", "gh", "--repo github.com/acme/rooms --verify-tag"),
        ("ssh://git@github.example.com:2222/acme/rooms", "gh", "--repo github.example.com/acme/rooms --verify-tag"),
        ("git@gitlab.com:acme/team/rooms.git", "glab", "--repo https://gitlab.com/acme/team/rooms --name v1.0.0 --notes-file"),
    ],
)  # fmt: skip
def test_pushed_tag_is_published_once(tagged: Service, tmp_path: Path, url: str, program: str, asked: str) -> None:
    _remote(tagged, tmp_path, url)
    _install(tmp_path, program)
    tagged.git("push", "--quiet", "origin", "v1.0.0")

    first, second = (tagged.facts("publish", "v1.0.0") for _ in range(2))

    assert (first["published"], first["notes"]) == (True, NOTES), first
    assert second["published"]
    calls = _calls(tmp_path)
    assert [call.split()[2] for call in calls] == ["view", "create", "view"]
    assert calls[1].startswith(f"{program} release create v1.0.0 {asked}")
    assert "--prerelease" not in calls[1]
    assert (tagged.root / ".dev/v1.0.0.md").read_text() == NOTES + "\n"


@pytest.mark.parametrize(("url", "mark"), [("https://github.com/a/b", "--prerelease"), ("https://gitlab.com/a/b", "--name v1.1.0-alpha.1 (pre-release)")])  # fmt: skip
def test_pre_release_is_marked(tagged: Service, tmp_path: Path, url: str, mark: str) -> None:
    _remote(tagged, tmp_path, url)
    for name in ("gh", "glab"):
        _install(tmp_path, name)
    tagged.git("push", "--quiet", "origin", "v1.1.0-alpha.1")

    assert tagged.facts("publish", "v1.1.0-alpha.1")["pre_release"]
    assert mark in _calls(tmp_path)[1]


def test_without_the_program_the_call_is_printed(tagged: Service, tmp_path: Path) -> None:
    tagged.git("push", "--quiet", "origin", "v1.0.0")
    hub = tagged.facts("publish", "v1.0.0")
    _remote(tagged, tmp_path, "https://gitlab.example.com/acme/rooms")
    lab = tagged.facts("publish", "v1.0.0")

    assert "v1.0.0 is not published: gh is not installed" in hub["error"]
    assert hub["next"].startswith('curl --fail --header "Authorization: Bearer $GITHUB_TOKEN" --json @')
    assert hub["next"].endswith("https://api.github.com/repos/acme/rooms/releases")
    assert lab["next"].endswith("https://gitlab.example.com/api/v4/projects/acme%2Frooms/releases")
    body = json.loads((tagged.root / ".dev/v1.0.0.json").read_text())
    assert body == {"tag_name": "v1.0.0", "name": "v1.0.0", "description": NOTES}


@pytest.mark.parametrize(
    ("prepare", "tag", "why", "then"),
    [
        ("true", "v1.0.0", "v1.0.0 is not on origin, so it is not published", "git push --atomic origin main v1.0.0, then"),
        ("git push -q origin HEAD~1:refs/tags/v1.0.0", "v1.0.0", "on origin", "git fetch --tags --force"),
        ("git push -q origin v1.0.0", "v9.0.0", "there is no tag v9.0.0", "just release"),
        ("git tag v2.0.0 && git push -q origin v2.0.0", "v2.0.0", "has nothing under v2.0.0", "just release"),
        ("git tag other", "other", "other is no tag of a release", "tag_format"),
        ("git config remote.origin.url /nowhere", "v1.0.0", "neither on GitHub nor on GitLab", "forge ="),
        ("git config --unset remote.origin.url", "v1.0.0", "there is no remote origin", "git remote add"),
        ("git config remote.origin.url https://github.com/x && git config url./nowhere/.insteadOf https://github.com/x", "v1.0.0", "git ls-remote origin failed", "again"),
    ],
)  # fmt: skip
def test_what_is_not_pushed_is_not_published(
    tagged: Service, tmp_path: Path, *, prepare: str, tag: str, why: str, then: str
) -> None:
    _install(tmp_path, "gh")
    for command in prepare.split(" && "):
        if command != "true":
            tagged.git(*command.split()[1:])

    found = tagged.facts("publish", tag)

    assert why in found["error"], found
    assert then in found["next"]
    assert not _calls(tmp_path)


def test_program_that_refuses_publishes_nothing(
    tagged: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path, "gh")
    monkeypatch.setenv("REFUSES", "yes")
    tagged.git("push", "--quiet", "origin", "v1.0.0")

    found = tagged.facts("publish", "v1.0.0")

    assert found["error"] == "v1.0.0 is not published: gh says not signed in"
    assert found["next"].startswith("gh auth login, or curl")


def test_tag_is_that_of_the_commit_and_dry_run_publishes_nothing(tagged: Service, tmp_path: Path) -> None:
    _install(tmp_path, "gh")
    tagged.git("tag", "--delete", "v1.1.0-alpha.1")
    here = tagged.facts("publish")
    tagged.git("push", "--quiet", "origin", "v1.0.0")
    tagged.commit("feat: more", {})

    found = tagged.facts("publish", "--dry-run")

    assert "v1.0.0 is not on origin" in here["error"]
    assert (found["tag"], found["published"]) == ("v1.0.0", False)
    assert not _calls(tmp_path)


def test_tags_of_several_projects_are_told_apart(tagged: Service, tmp_path: Path) -> None:
    _install(tmp_path, "gh")
    tagged.commit("chore: name", {"pyproject.toml": f'{PYPROJECT}\n[tool.commitizen]\ntag_format = "my-rooms-v$version"\n', "CHANGELOG.md": "## my-rooms-v1.0.0 (x)\n\n- a\n"})  # fmt: skip
    tagged.git("tag", "my-rooms-v1.0.0")
    tagged.git("push", "--quiet", "origin", "my-rooms-v1.0.0")

    found = tagged.facts("publish")

    assert (found["tag"], found["pre_release"], found["published"]) == ("my-rooms-v1.0.0", False, True)
