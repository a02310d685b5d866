"""The runner of CI files: it runs what stands there, and refuses what it cannot play."""

from pathlib import Path

import pytest

from tests.pipeline import Job, github_jobs, gitlab_jobs, perform
from tests.project import require_success
from tests.repository import commit, git

WORKFLOW = """
jobs:
  first:
    env: {GREETING: hello}
    steps:
      - uses: actions/checkout@0123456789012345678901234567890123456789 # v1.0.0
      - run: echo "$GREETING" > greeting
      - run: test "$(cat greeting)" = hello
  image:
    steps:
      - run: docker build .
"""
PIPELINE = """
variables: {GIT_DEPTH: 0}
.python:
  before_script: [uv --version]
tests:
  extends: .python
  services: [{name: "postgres:18", alias: postgres}]
  variables: {POSTGRES_DB: x_test, POSTGRES_PASSWORD: fake, DATABASE_URL: "postgresql://postgres:fake@postgres:5499/x_test"}
  script: [just test]
publish:
  rules: [{if: $CI_COMMIT_TAG}]
  script: [publish]
"""


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository with one file."""
    folder = tmp_path / "origin"
    folder.mkdir()
    (folder / "README.md").write_text("Hello.\n")
    git(folder, "init", "--quiet", "--initial-branch", "main")
    commit(folder)
    return folder


def written(folder: Path, text: str) -> Path:
    """A CI file with this text."""
    path = folder / "ci.yml"
    path.write_text(text)
    return path


def test_github_job_has_its_commands_and_environment(tmp_path: Path) -> None:
    (job,) = github_jobs(written(tmp_path, WORKFLOW))

    assert job.commands == ['echo "$GREETING" > greeting', 'test "$(cat greeting)" = hello']
    assert job.environment["GREETING"] == "hello"


def test_gitlab_job_has_what_it_extends_and_finds_its_database_here(tmp_path: Path) -> None:
    (job,) = gitlab_jobs(written(tmp_path, PIPELINE))

    assert job.commands == ["uv --version", "just test"]
    assert job.environment["DATABASE_URL"] == "postgresql://postgres:fake@127.0.0.1:5499/x_test"
    assert job.postgres["POSTGRES_DB"] == "x_test"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("actions/checkout@", "somebody/something@"),
        ('test "$(cat', 'test "${{ github.ref }}$(cat'),
        ("steps:\n      - uses", "if: github.ref == 'main'\n    steps:\n      - uses"),
        ("- run: test", "- if: always()\n        run: test"),
        ("- run: test", "- shell: sh\n        run: test"),
        ("- run: test", "- continue-on-error: true\n        run: test"),
        ("env: {GREETING", "container: python\n    env: {GREETING"),
        ("env: {GREETING", "services: {mongo: {image: mongo}}\n    env: {GREETING"),
        ("jobs:\n  first", "env: {GREETING: bye}\njobs:\n  first"),
    ],
)
def test_what_cannot_be_played_is_an_error(tmp_path: Path, old: str, new: str) -> None:
    assert old in WORKFLOW

    with pytest.raises(NotImplementedError):
        github_jobs(written(tmp_path, WORKFLOW.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  script: [just test]", "  script: [just test]\n  after_script: [false]"),
        ('name: "postgres:18", alias: postgres', "name: mongo, alias: mongo"),
        ("{GIT_DEPTH: 0}", "{GIT_DEPTH: 0, GREETING: hello}"),
        (".python:", "default: {before_script: [false]}\n.python:"),
        ("  before_script:", "  after_script: [false]\n  before_script:"),
    ],
)
def test_what_cannot_be_played_of_gitlab_is_an_error(tmp_path: Path, old: str, new: str) -> None:
    assert old in PIPELINE

    with pytest.raises(NotImplementedError):
        gitlab_jobs(written(tmp_path, PIPELINE.replace(old, new)))


def test_job_runs_in_a_fresh_checkout(origin: Path, tmp_path: Path) -> None:
    (origin / "stray").touch()

    failed = perform(Job("first", ["ls > seen"]), origin, tmp_path / "checkout", tmp_path)

    assert failed == ""
    assert (tmp_path / "checkout" / "seen").read_text().split() == ["README.md", "seen"]


def test_failing_command_ends_the_job_and_is_reported(origin: Path, tmp_path: Path) -> None:
    job = Job("first", ["echo broken | cat && false | cat", "touch later"])

    failed = perform(job, origin, tmp_path / "checkout", tmp_path)

    assert failed == "first: echo broken | cat && false | cat\nbroken\n"
    assert not (tmp_path / "checkout" / "later").exists()


def test_failed_life_names_the_tests_that_failed_before_their_output() -> None:
    output = "\n".join(
        [*("a long line of output" for _ in range(500)), "FAILED tests/api/test_users.py::test_user_is_found - assert"]
    )

    with pytest.raises(AssertionError) as failed:
        require_success("", output)

    assert str(failed.value).splitlines()[0] == "FAILED tests/api/test_users.py::test_user_is_found - assert"
    assert str(failed.value).endswith(output)
