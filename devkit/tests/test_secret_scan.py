"""Credentials are found in files, in old versions of files and in commit messages, and only there where one really stands."""

import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from service_devkit.secret_scan import Finding, is_fake, patterns, report, scan, secrets

# In two parts, or these tests would be findings themselves.
LETTERS = "Q7hR2kVx9LmT4pZs8WcB3nYd6JfG1uKe5AvX" * 2
TOKEN = "ghp_" + LETTERS[:36]
SECRETS = {
    "private-key": "-----BEGIN RSA PRIVATE KEY-----\n" + LETTERS,
    "json-web-token": f"eyJ{LETTERS[:20]}.eyJ{LETTERS[:20]}.{LETTERS[:30]}",
    "secret-key": "sk_live_" + LETTERS[:24],
    "webhook-secret": "whsec_" + LETTERS[:32],
    "aws-access-key": "AKIA" + "Q7HRKVXLMTPZSWCB",
    "github-token": TOKEN,
    "gitlab-token": "glpat-" + LETTERS[:20],
    "slack-token": "xoxb-" + LETTERS[:30],
    "slack-webhook": f"hooks.slack.com/services/T{LETTERS[:8]}/B{LETTERS[:8]}/{LETTERS[:24]}",
    "google-key": "AIza" + LETTERS[:35],
    "model-provider-key": "sk-ant-" + LETTERS[:40],
    "pypi-token": "pypi-AgEI" + LETTERS[:60],
    "npm-token": "npm_" + LETTERS[:36],
}


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - the commands are ours
        ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", *arguments],  # noqa: S607 - git is on PATH
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one harmless commit."""
    (tmp_path / "pyproject.toml").write_text("[tool.other]\n")
    (tmp_path / ".gitignore").write_text(".env\n")
    git(tmp_path, "init", "--quiet")
    commit(tmp_path, "chore: start")
    return tmp_path


def commit(root: Path, message: str) -> None:
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", message)


def run(root: Path) -> tuple[int, str]:
    result = CliRunner().invoke(secrets, ["--root", str(root)])
    return result.exit_code, result.output


@pytest.mark.parametrize(("rule", "secret"), SECRETS.items())
def test_each_shape_is_found_where_it_stands(rule: str, secret: str) -> None:
    found = list(scan([("app/keys.py", f'\nKEY = "{secret}"\n'.encode())], patterns({})))

    assert [(finding.place, finding.rule) for finding in found] == [("app/keys.py:2", rule)]


def test_every_shape_of_every_service_has_an_example() -> None:
    assert {*patterns({})} == SECRETS.keys()


@pytest.mark.parametrize(
    "text", ["ghp_fake" + LETTERS[:32], "whsec_dmlzaWJseSBmYWtlLCB0aGUgbmV3IG9uZQ==", "AKIAIOSFODNN7EXAMPLE"]
)
def test_credential_that_says_that_it_is_a_fake_is_none(text: str) -> None:
    assert is_fake(text.encode())
    assert list(scan([("tests/keys.py", text.encode())], patterns({}))) == []


@pytest.mark.parametrize("name", [".env", ".env.prod", ".env.test.local", "deploy/.env.production in 0123"])
def test_committed_environment_file_is_a_finding(name: str) -> None:
    assert [finding.rule for finding in scan([(name, b"A=1\n")], {})] == ["environment-file"]


def test_example_of_the_environment_is_no_finding() -> None:
    assert list(scan([(".env.example", b"A=1\n"), ("docs/.envrc", b"A=1\n")], {})) == []


def test_clean_repository_passes(repository: Path) -> None:
    (repository / ".env").write_text(f"TOKEN={TOKEN}\n")

    assert run(repository) == (0, "")


def test_file_that_is_not_committed_yet_fails(repository: Path) -> None:
    (repository / "keys.py").write_text(f"KEY = '{TOKEN}'\n")

    status, output = run(repository)

    assert status == 1
    assert output.startswith("keys.py:1: github-token ghp_Q7..., fingerprint ")
    assert TOKEN not in output


def test_credential_that_was_removed_stays_in_the_history_and_fails(repository: Path) -> None:
    (repository / "old keys.py").write_text(f"KEY = '{TOKEN}'\n")
    commit(repository, "feat: keys")
    (repository / "old keys.py").unlink()
    commit(repository, "fix: no keys")

    status, output = run(repository)

    assert status == 1
    assert output.startswith("old keys.py in ")
    assert ":1: github-token" in output


def test_credential_on_another_branch_and_in_a_message_fails(repository: Path) -> None:
    git(repository, "switch", "--quiet", "--create", "other")
    git(repository, "commit", "--quiet", "--allow-empty", "--message", f"feat: use {TOKEN}")
    git(repository, "switch", "--quiet", "-")

    status, output = run(repository)

    assert status == 1
    assert output.startswith("commit in ")


def test_allowed_fingerprint_passes_with_a_reason(repository: Path) -> None:
    (repository / "keys.py").write_text(TOKEN)
    fingerprint = Finding("", "", TOKEN.encode()).fingerprint
    (repository / "pyproject.toml").write_text(f'[tool.secrets.allow]\n{fingerprint} = "withdrawn on 2026-11-21"\n')

    assert run(repository) == (0, "")


def test_allowed_fingerprint_without_a_reason_fails_and_one_that_nothing_has_is_reported() -> None:
    failures, warnings = report([Finding("a", "rule", b"b")], {Finding("", "", b"b").fingerprint: "", "0123": "gone"})

    assert failures == [f"the fingerprint {Finding('', '', b'b').fingerprint} is allowed without a reason"]
    assert warnings == ["nothing has the allowed fingerprint 0123: remove it"]


def test_without_a_repository_the_scan_says_not_run(tmp_path: Path) -> None:
    assert run(tmp_path) == (75, "NOT RUN: git sees no repository here\n")


def test_without_git_the_scan_says_not_run(monkeypatch: pytest.MonkeyPatch, repository: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)

    assert run(repository) == (75, "NOT RUN: git is not on PATH\n")


@pytest.mark.parametrize(("text", "expected"), [("", 75), (TOKEN, 1)])
def test_shallow_clone_is_never_a_pass(repository: Path, tmp_path: Path, text: str, expected: int) -> None:
    (repository / "keys.py").write_text(text)
    commit(repository, "feat: keys")
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{repository}", "shallow")

    status, output = run(tmp_path / "shallow")

    assert status == expected
    assert "NOT RUN: this clone has no history" in output


@pytest.mark.parametrize("lost", ["HEAD", "HEAD:.gitignore"])
def test_history_that_cannot_be_read_is_no_pass(repository: Path, lost: str) -> None:
    name = git(repository, "rev-parse", lost).strip()
    (repository / ".git" / "objects" / name[:2] / name[2:]).unlink()

    status, output = run(repository)

    assert status == 1
    assert "git cannot read the history" in output


def test_service_adds_shapes_of_its_own(repository: Path) -> None:
    (repository / "pyproject.toml").write_text("[tool.secrets.shapes]\nour-key = 'key-[0-9]{8}'\n")
    (repository / "keys.py").write_text("KEY = 'key-12345678'\n")

    status, output = run(repository)

    assert (status, output.partition(" key-")[0]) == (1, "keys.py:1: our-key")


def test_shape_that_is_no_regular_expression_is_named(repository: Path) -> None:
    (repository / "pyproject.toml").write_text("[tool.secrets.shapes]\nour-key = '('\n")

    status, output = run(repository)

    assert status == 1
    assert output.startswith("Error: [tool.secrets.shapes]: b'(': missing )")


def test_history_of_the_folders_beside_is_not_judged(repository: Path) -> None:
    ours, beside = repository / "ours", repository / "beside"
    for folder in (ours, beside):
        folder.mkdir()
        (folder / "pyproject.toml").write_text("[tool.other]\n")
    commit(repository, "chore: two projects")
    (beside / "key.txt").write_text(TOKEN)
    commit(repository, f"chore: in the folder beside {TOKEN}")
    assert run(ours) == (0, "")

    (ours / "key.txt").write_text(TOKEN)
    commit(repository, "chore: add")
    (ours / "key.txt").unlink()
    commit(repository, "chore: remove")

    assert run(ours)[0] == 1
