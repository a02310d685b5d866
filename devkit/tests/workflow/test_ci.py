"""`devkit ci`: what is not committed is not there."""

from pathlib import Path

import pytest
from devkit.tests.workflow.conftest import Service

GITHUB = """
on: {pull_request: }
jobs:
  gates:
    steps:
      - uses: actions/checkout@v7
      - run: test ! -e notes.txt
      - run: test -z "$DATABASE_URL" -a -z "$VIRTUAL_ENV" -a "$CI" = true -a "$KIND" = small
    env: {KIND: small}
  tests:
    services: {postgres: {image: postgres}}
    env: {DATABASE_URL: postgresql://localhost/x_test}
    steps: [{run: test -z "$DATABASE_URL"}, {run: git log --oneline origin/$GITHUB_BASE_REF..HEAD | grep -q begin}]
  audit: {steps: [{run: exit 75}]}
  image: {steps: [{run: docker build .}]}
  host: {steps: [{run: "echo ${{ github.token }}"}]}
  nightly: {if: github.event_name == 'schedule', steps: [{run: exit 1}]}
  other: {uses: ./.github/workflows/x.yml}
"""
GITLAB = """
stages: [check]
variables: {GIT_DEPTH: 0}
.python: {before_script: [test -z "$DATABASE_URL"], image: {name: uv}}
tests:
  extends: .python
  services: [postgres]
  variables: {DATABASE_URL: postgresql://postgres/x_test}
  script: [test ! -e notes.txt, git log --oneline "$CI_MERGE_REQUEST_DIFF_BASE_SHA..HEAD" | grep -q begin]
notes: {extends: .python, script: [exit 1], rules: [{if: $CI_COMMIT_TAG}]}
"""
FILES = {"github": ".github/workflows/ci.yml", "gitlab": ".gitlab-ci.yml"}


@pytest.fixture(autouse=True)
def of_a_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a developer has and the CI has not."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://localhost/mine")
    monkeypatch.setenv("VIRTUAL_ENV", "/mine")


@pytest.mark.parametrize(
    ("kind", "text", "states"),
    [
        ("github", GITHUB, {"gates": "ok", "tests": "ok", "audit": "not run", "image": "not run", "host": "not run", "nightly": "not run", "other": "not run"}),
        ("gitlab", GITLAB, {"tests": "ok", "notes": "not run"}),
    ],
)  # fmt: skip
def test_jobs_run_on_what_is_committed(made: Service, kind: str, text: str, states: dict[str, str]) -> None:
    made.git("switch", "--quiet", "--create", "feature/x")
    made.commit("ci: begin", {FILES[kind]: text})
    (made.root / "notes.txt").write_text("not committed")

    found = made.facts("ci")

    assert {each["job"]: each["state"] for each in found["jobs"]} == states, found


@pytest.mark.parametrize(("kind", "text"), [("github", GITHUB), ("gitlab", GITLAB)])
def test_file_that_is_missing_in_a_commit_fails_as_in_the_ci(made: Service, kind: str, text: str) -> None:
    made.git("switch", "--quiet", "--create", "feature/x")
    made.commit("ci: begin", {FILES[kind]: text.replace("test ! -e notes.txt", "test -e notes.txt")})
    (made.root / "notes.txt").write_text("not committed")
    job = "gates" if kind == "github" else "tests"

    found = made.facts("ci", job)

    assert found["error"] == f"{job} failed"
    assert found["next"] == f"correct it, git commit, then devkit ci {job}"
    assert [each["state"] for each in found["jobs"]] == ["failed"]


def test_job_that_compares_with_main_has_nothing_to_do_there(made: Service, tmp_path: Path) -> None:
    made.commit("ci: begin", {FILES["github"]: GITHUB})
    here = made.facts("ci", "tests")
    made.git("init", "--quiet", "--bare", str(tmp_path / "remote"))
    made.git("remote", "add", "origin", str(tmp_path / "remote"))
    made.git("push", "--quiet", "origin", "HEAD~1:refs/heads/main")
    made.git("fetch", "--quiet", "origin")

    assert (here["jobs"][0]["state"], here["jobs"][0]["why"]) == ("not run", "nothing is committed since main")
    assert made.facts("ci", "tests")["jobs"][0]["state"] == "ok"


def test_without_a_ci_file_the_gates_run(made: Service) -> None:
    assert [each["job"] for each in made.facts("ci")["jobs"]] == ["check"]
    made.commit("feat: red", {"red": ""})
    assert made.facts("ci")["error"] == "check failed"


def test_job_that_is_none_is_refused_and_a_dry_run_runs_nothing(made: Service) -> None:
    made.commit("ci: begin", {FILES["github"]: GITHUB.replace("test ! -e", "false #")})

    assert made.facts("ci", "lint")["next"].startswith("name some of: gates, tests")
    assert made.facts("ci", "--dry-run")["ok"]
    assert "image: not run, it builds an image" in made.devkit("ci", "--dry-run").stdout
    made.commit("ci: no yaml", {FILES["github"]: "a: ["})
    assert "is no YAML" in made.facts("ci")["error"]
