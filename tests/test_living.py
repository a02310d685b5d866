"""Tier 3: whole lives of a service. Baked as a user bakes it, committed, checked out afresh, and put through its own CI file."""

import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.pipeline import Job, github_jobs, gitlab_jobs, perform
from tests.project import Project, require_success, run
from tests.repository import commit, git
from tests.service_environment import CACHES, locked
from tests.variants import TREE, Variant, arguments, living, title
from tools.lock import uv, versions

pytestmark = pytest.mark.slow

# A service without CI is checked by the command of its README.
WITHOUT_CI = Job("check", ["uv sync --locked", "uv run just check"])

# One environment and one cache of mypy for all jobs: uv makes it again for each of them, but what was compiled stays compiled.
SHARED = {"UV_PROJECT_ENVIRONMENT": str(CACHES / "lives"), "MYPY_CACHE_DIR": str(CACHES / "mypy-lives")}


def bake_on_the_command_line(template: Path, folder: Path, variant: Variant) -> Project:
    """Bake with the `cookiecutter` command."""
    command = [
        sys.executable,
        "-m",
        "cookiecutter",
        str(template),
        "--no-input",
        "--default-config",
        "--output-dir",
        str(folder),
    ]
    done = run(*command, *arguments(variant), cwd=folder)
    assert done.returncode == 0, done.stdout
    return Project(folder / "my-service")


def begin(project: Project) -> None:
    """The first steps that a service's README asks for, and a branch with one change."""
    synced = project.run(uv(), "sync", "--python", sys.executable)
    assert synced.returncode == 0, synced.stdout
    git(project.root, "init", "--quiet", "--initial-branch", "main")
    commit(project.root, "chore: start from the template")
    git(project.root, "switch", "--quiet", "--create", "feat/first")
    (project.root / "README.md").write_text(project.text("README.md") + "\nOur first change.\n", encoding="utf-8")
    commit(project.root, "docs: say what is ours")


def jobs_of(project: Project, variant: Variant) -> list[Job]:
    """The jobs of the service's own CI file."""
    if variant["ci"] == "github":
        return github_jobs(project.root / ".github" / "workflows" / "ci.yml")
    return gitlab_jobs(project.root / ".gitlab-ci.yml") if variant["ci"] == "gitlab" else [WITHOUT_CI]


def perform_in_turn(job: Job, origin: Path, clone: Path, commands: Path) -> str:
    """What a job that failed has said. One with tests waits until no other service's tests run: see the fixture `alone`."""
    with nullcontext() if job.name in {"gates", "commits"} else locked("alone"):
        return perform(job, origin, clone, commands, **SHARED)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The lives of every run; with `--every-variant` one of each answer."""
    metafunc.parametrize("variant", living(every=metafunc.config.getoption("every_variant")), ids=title)


@pytest.mark.usefixtures("one_at_a_time")
def test_service_passes_its_own_ci(template: Path, tmp_path: Path, service_commands: Path, variant: Variant) -> None:
    project = bake_on_the_command_line(template, tmp_path, variant)
    before = versions(project.text("uv.lock"))
    begin(project)

    jobs = jobs_of(project, variant)
    failed = [perform_in_turn(job, project.root, tmp_path / job.name, service_commands) for job in jobs]

    assert {job.name for job in jobs} == ({"check"} if variant["ci"] == "none" else {"gates", "tests", "commits"})
    require_success(*failed)
    assert versions(project.text("uv.lock")) <= before


def test_lock_of_a_variant_has_only_versions_that_were_tested(template: Path, tmp_path: Path, variant: Variant) -> None:
    project = bake_on_the_command_line(template, tmp_path, variant)

    locked = project.run(uv(), "lock")

    assert locked.returncode == 0, locked.stdout
    assert versions(project.text("uv.lock")) <= versions((TREE / "uv.lock").read_text(encoding="utf-8"))
