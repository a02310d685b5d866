"""The files that check and release a service where it is hosted: valid, linted, pinned, with no more rights than they need."""

from __future__ import annotations

import re
import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Bake
from tests.project import Project
from tests.variants import Variant

Baked = Callable[[Variant], Project]

COMMANDS = Path(sysconfig.get_path("scripts"))
WORKFLOWS = [f".github/workflows/{name}.yml" for name in ("audit", "ci", "release")]
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
# Actions of the same repository, which come with the commit that uses them.
OUR_OWN = "./.github/workflows/ci.yml"


@pytest.fixture
def github(baked: Baked) -> Project:
    return baked({"ci": "github"})


def linted(project: Project) -> subprocess.CompletedProcess[str]:
    """What zizmor finds, from hints upward."""
    return project.run(COMMANDS / "zizmor", "--offline", "--no-progress", "--persona=auditor", ".github")


def jobs(project: Project, workflow: str) -> dict[str, dict[str, Any]]:
    """The jobs of a workflow."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(project.text(workflow))["jobs"]
    return found


def uses(project: Project) -> Iterator[str]:
    """What stands behind each `uses:`, its comment included."""
    for workflow in WORKFLOWS:
        yield from re.findall(r"uses: (.+)", project.text(workflow))


def test_workflows_have_no_finding(github: Project) -> None:
    result = linted(github)

    assert result.returncode == 0, result.stdout
    assert "No findings to report" in result.stdout


@pytest.mark.parametrize(
    ("workflow", "part", "fault", "finding"),
    [
        ("ci.yml", "@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7", "unpinned-uses"),
        ("ci.yml", "persist-credentials: false", "persist-credentials: true", "artipacked"),
        ("ci.yml", "permissions: {}", "permissions: write-all", "excessive-permissions"),
        ("ci.yml", '"origin/$GITHUB_BASE_REF..HEAD"', "${{ github.head_ref }}", "template-injection"),
        ("release.yml", "enable-cache: false", "enable-cache: true", "cache-poisoning"),
    ],
)
def test_linter_finds_each_fault(bake: Bake, workflow: str, part: str, fault: str, finding: str) -> None:
    project = bake(ci="github")
    path = project.root / ".github" / "workflows" / workflow
    assert part in path.read_text()
    path.write_text(path.read_text().replace(part, fault))

    result = linted(project)

    assert result.returncode != 0
    assert finding in result.stdout


def test_workflows_are_those_that_are_looked_at(github: Project) -> None:
    assert sorted(WORKFLOWS) == sorted(name for name in github.files() if name.startswith(".github/workflows/"))


def test_every_exception_of_the_linter_has_its_reason(github: Project) -> None:
    exceptions = [line for name in WORKFLOWS for line in re.findall(r"zizmor: ignore.*", github.text(name))]

    assert len(exceptions) == 2
    assert [line for line in exceptions if not re.search(r"\] \w+ \w+ \w+", line)] == []


def test_every_action_is_pinned_by_commit_with_its_version_beside(github: Project) -> None:
    foreign = [action for action in uses(github) if not action.startswith(OUR_OWN)]

    assert len(foreign) >= 5
    assert [action for action in foreign if not PINNED.fullmatch(action)] == []


def test_each_action_has_one_version(github: Project) -> None:
    pins = {action.split(" #")[0] for action in uses(github) if not action.startswith(OUR_OWN)}

    assert len(pins) == len({pin.split("@")[0] for pin in pins})


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_workflow_grants_nothing_and_jobs_what_they_need(github: Project, workflow: str) -> None:
    found = jobs(github, workflow)

    assert yaml.safe_load(github.text(workflow))["permissions"] == {}
    assert {name: job["permissions"] for name, job in found.items() if job["permissions"] != {"contents": "read"}} == (
        {"publish": {"contents": "write"}} if workflow.endswith("release.yml") else {}
    )


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_every_job_ends_in_time(github: Project, workflow: str) -> None:
    limits = [job.get("timeout-minutes") for job in jobs(github, workflow).values() if "uses" not in job]

    assert limits
    assert all(isinstance(limit, int) and limit <= 30 for limit in limits)


def test_nothing_is_published_before_it_is_checked(github: Project) -> None:
    found = jobs(github, ".github/workflows/release.yml")

    assert found["publish"]["needs"] == "checks"
    assert found["checks"]["uses"] == OUR_OWN


@pytest.mark.parametrize(
    ("host", "name", "job"), [("github", ".github/workflows/ci.yml", "image"), ("gitlab", ".gitlab-ci.yml", "build")]
)
def test_image_is_built_of_what_passed_and_only_where_there_is_one(
    baked: Baked, host: str, name: str, job: str
) -> None:
    with_image, without = (baked({"ci": host, "docker": docker}).text(name) for docker in (True, False))
    found = yaml.safe_load(with_image)

    assert found.get("jobs", found)[job]["needs"] == ["gates", "tests"]
    assert "docker build" not in without


@pytest.mark.parametrize(
    ("host", "schema", "name", "part", "fault"),
    [
        ("github", "vendor.github-workflows", ".github/workflows/ci.yml", "runs-on:", "runs:"),
        ("github", "vendor.github-workflows", ".github/workflows/release.yml", "needs: checks", "needs: {}"),
        ("github", "vendor.github-workflows", ".github/workflows/audit.yml", "paths:", "files:"),
        ("github", "vendor.github-workflows", ".github/workflows/audit.yml", "- cron:", "- crown:"),
        ("github", "vendor.dependabot", ".github/dependabot.yml", "weekly", "fortnightly"),
        ("gitlab", "vendor.gitlab-ci", ".gitlab-ci.yml", "coverage_format: cobertura", "coverage_format: none"),
        ("gitlab", "vendor.renovate", "renovate.json", '"7 days"', "7"),
    ],
)
def test_file_follows_the_schema_of_its_host(
    bake: Bake, host: str, schema: str, name: str, part: str, fault: str
) -> None:
    project = bake(ci=host)
    command: list[str | Path] = [COMMANDS / "check-jsonschema", "--builtin-schema", schema, name]

    valid = project.run(*command)
    assert part in project.text(name)
    (project.root / name).write_text(project.text(name).replace(part, fault))
    broken = project.run(*command)

    assert valid.returncode == 0, valid.stdout
    assert broken.returncode == 1, "a file with a fault in it passed"


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_answers_reach_the_files(bake: Bake, host: str) -> None:
    project = bake(ci=host, main_branch="release/1.0", python_version="3.13")
    names = [name for name in project.files() if name.startswith(".git") and name.endswith(".yml")]
    text = "\n".join(project.text(name) for name in sorted(names))

    found = {"github": 'branches: ["release/1.0"]' in text, "gitlab": "uv:python3.13-trixie" in text}

    assert found[host], text


def test_job_that_waits_for_changes_does_so_on_merge_requests(baked: Baked) -> None:
    found = yaml.safe_load(baked({"ci": "gitlab"}).text(".gitlab-ci.yml"))
    rules = [rule for job in found.values() if "rules" in job for rule in job["rules"] if "changes" in rule]

    # For a tag and on schedule the host takes every `changes` for true.
    assert [rule.get("if") for rule in rules] == ['$CI_PIPELINE_SOURCE == "merge_request_event"']


def test_home_of_the_jobs_is_there_when_the_runner_fetches(baked: Baked) -> None:
    variables = yaml.safe_load(baked({"ci": "gitlab"}).text(".gitlab-ci.yml"))["variables"]

    # The runner calls `git config --global` in an image of its own, with the variables of the job.
    assert variables["HOME"] == "/tmp"  # noqa: S108 - a name in a file, not a folder that is used here


def test_coverage_is_read_from_the_last_line_of_the_report(baked: Baked) -> None:
    pattern = yaml.safe_load(baked({"ci": "gitlab"}).text(".gitlab-ci.yml"))["tests"]["coverage"].strip("/")
    report = "Name      Stmts   Miss Branch BrPart  Cover   Missing\nTOTAL      2312      9    310      4    99%\n"

    assert re.findall(pattern, report, re.MULTILINE) == ["99"]
