"""`devkit finish` where there is a remote: pushed, never forced, and whole again after a refusal."""

from pathlib import Path

import pytest
from devkit.tests.workflow.changes import feature, main_of
from devkit.tests.workflow.conftest import Service


@pytest.fixture
def remote(service: Service, tmp_path: Path) -> Path:
    """A remote repository that the service is pushed to."""
    path = tmp_path / "remote.git"
    service.git("init", "--quiet", "--bare", str(path))
    service.git("remote", "add", "origin", str(path))
    service.git("push", "--quiet", "origin", "main")
    return path


def _remote_main(service: Service, remote: Path) -> str:
    return service.git("rev-parse", "main", cwd=remote)


def _commit_to(service: Service, remote: Path, folder: Path) -> None:
    """Somebody else's commit."""
    service.git("clone", "--quiet", str(remote), str(folder))
    service.commit("feat: of somebody else", {"else.py": ""}, cwd=folder)
    service.git("push", "--quiet", cwd=folder)


def test_main_is_pushed_where_there_is_a_remote(service: Service, remote: Path) -> None:
    feature(service, "plans")

    found = service.facts("finish", "plans")

    assert found["pushed"] is True
    assert _remote_main(service, remote) == main_of(service)


def test_remote_that_is_ahead_is_merged_first(service: Service, remote: Path, tmp_path: Path) -> None:
    feature(service, "plans")
    _commit_to(service, remote, tmp_path / "else")

    found = service.facts("finish", "plans")

    assert found["ok"], found
    assert (service.root / "else.py").exists()
    assert _remote_main(service, remote) == main_of(service)


def test_remote_that_moves_while_the_gates_run_is_merged_and_tried_again(
    service: Service, remote: Path, tmp_path: Path
) -> None:
    other = tmp_path / "else"
    service.git("clone", "--quiet", str(remote), str(other))
    service.commit("feat: of somebody else", {"else.py": ""}, cwd=other)
    gates = f"git -C '{other}' push --quiet"
    text = (service.root / "pyproject.toml").read_text().replace('"test ! -e red"', f'"{gates}"')
    there = feature(service, "plans")
    service.commit("chore: gates", {"pyproject.toml": text}, cwd=there)

    found = service.facts("finish", "plans")

    assert found["ok"], found
    assert (service.root / "else.py").exists()
    assert _remote_main(service, remote) == main_of(service)


def test_remote_that_refuses_leaves_main_and_is_tried_again(service: Service, remote: Path) -> None:
    hook = remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho main is protected >&2\nexit 1\n")
    hook.chmod(0o755)
    feature(service, "plans")
    at = main_of(service)

    refused = service.facts("finish", "plans")
    after = main_of(service)
    hook.unlink()
    done = service.facts("finish", "plans", "--resume")

    assert "main is protected" in refused["error"]
    assert "--pull-request" in refused["next"]
    assert after == at
    assert done["ok"], done


def test_remote_that_does_not_answer_is_named_or_left_alone(service: Service, remote: Path) -> None:
    feature(service, "plans")
    remote.rename(remote.with_name("away"))

    refused, alone = service.facts("finish", "plans"), service.facts("finish", "plans", "--no-push")

    assert "git fetch origin failed" in refused["error"]
    assert refused["next"].endswith("devkit finish --no-push")
    assert (alone["ok"], alone["pushed"]) == (True, False)


def test_main_that_went_another_way_than_the_remote_is_refused(service: Service, remote: Path, tmp_path: Path) -> None:
    feature(service, "plans")
    _commit_to(service, remote, tmp_path / "else")
    service.commit("feat: here only", {"here.py": ""})

    assert "main and origin/main have gone different ways" in service.facts("finish", "plans")["error"]


@pytest.mark.parametrize("place", ["finish:push", ">finish:push", ">finish:move_main"])
def test_push_that_was_killed_is_resumed(service: Service, remote: Path, place: str) -> None:
    feature(service, "plans")
    service.killed(place, "finish", "plans")

    found = service.facts("finish", "plans", "--resume")

    assert found["ok"], found
    assert [each.split(" ", 1)[1] for each in found["commits"]] == ["feat: add plans"]
    assert _remote_main(service, remote) == main_of(service)


def test_pull_request_pushes_the_branch_and_leaves_main(service: Service, remote: Path) -> None:
    there, at = feature(service, "plans"), main_of(service)

    done = service.devkit("finish", "--pull-request", cwd=there)

    assert done.exit_code == 0, done.output
    assert main_of(service) == at
    assert service.git("rev-parse", "feature/plans", cwd=remote) == service.git("rev-parse", "HEAD", cwd=there)
    assert "gh pr create --head feature/plans" in done.output
    assert (there / ".dev/pull-request.md").read_text().startswith("## Added\n")


def test_pull_request_needs_a_remote(service: Service) -> None:
    feature(service, "plans")

    assert service.facts("finish", "plans", "--pull-request")["error"] == "there is no remote origin"
