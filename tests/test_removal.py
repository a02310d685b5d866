"""The removal drill: the example goes by one command, and what is left is the service that never had it."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.project import Project
from tests.repository import commit, cruft, git
from tests.variants import Variant, owning, pairwise, title

VARIANTS = [variant for variant in pairwise(owning()) if variant["example"]]


def remove_example(project: Project, commands: Path, *options: str) -> str:
    """Take the example out as the developer does; what was said."""
    git(project.root, "init", "--quiet")
    commit(project.root)
    done = project.run(commands / "devkit", "remove-example", *options, PYTHONDONTWRITEBYTECODE="1")
    shutil.rmtree(project.root / ".git")
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("variant", VARIANTS, ids=title)
def test_service_that_lost_its_example_is_the_one_that_never_had_it(
    baked: Callable[[Variant], Project], service_commands: Path, tmp_path: Path, variant: Variant
) -> None:
    project = Project(shutil.copytree(baked(variant).root, tmp_path / "my-service"))

    said = remove_example(project, service_commands)

    assert "reset-database" in said
    assert project.contents() == baked(variant | {"example": False}).contents()


def test_updates_leave_the_example_out_once_it_was_removed(
    repository: Path, service_commands: Path, tmp_path: Path
) -> None:
    cruft(tmp_path, "create", str(repository), "--no-input", "--default-config")
    service = Project(tmp_path / "my-service")
    remove_example(service, service_commands)
    git(service.root, "init", "--quiet")
    commit(service.root)
    example = repository / "{{cookiecutter.project_slug}}" / "app" / "models" / "study_plans.py"
    example.write_text(example.read_text() + "\n# A later version of the template.\n")
    (example.parent / "later.py").write_text('"""New in a later version."""\n')
    commit(repository)

    cruft(service.root, "update", "--skip-apply-ask")

    assert json.loads(service.text(".cruft.json"))["context"]["cookiecutter"]["example"] is False
    assert "app/models/later.py" in service.files()
    assert [name for name in service.files() if name.endswith((".rej", "study_plans.py"))] == []


@pytest.mark.slow
@pytest.mark.usefixtures("one_at_a_time")
def test_database_with_plans_is_rid_of_them_in_the_steps_that_are_said(
    baked: Callable[[Variant], Project], service_commands: Path, tmp_path: Path
) -> None:
    project = Project(
        shutil.copytree(baked({"auth": "none", "jobs": True}).root, tmp_path / "my-service")
    )  # jobs follow
    path = f"{service_commands}:{os.environ['PATH']}"
    migrate = (service_commands / "devkit", "exec", "--", "python", "-m", "app", "migrate")

    before = project.run(*migrate, PATH=path)
    remove_example(project, service_commands, "--keep-migration")
    after = [
        project.run(*migrate, PATH=path),
        project.gate(service_commands, "migrations", "lint", "format"),
    ]

    assert [done.stdout for done in (before, *after) if done.returncode] == []
