"""A whole life of a service: baked as a user bakes it, installed, and put through all of its own gates."""

import sys
from pathlib import Path

import pytest

from tests.project import Project, run
from tests.variants import TREE, Variant, arguments, living, title, working
from tools.lock import uv, versions

pytestmark = pytest.mark.slow

# The README of a service, "Add a resource".
STEPS = (["generate"], ["scaffold", "reading lists"], ["migrate"], ["migration", "add reading lists"], ["queries"])
GATES = (
    *("format", "lint", "sizes", "types", "layers", "imports", "dependencies", "migrations"),
    *("contract-lint", "schemas", "contract"),
)
# What only the live tests reach is missing here: the start of the server.
COVERAGE = ("--cov", "--cov-fail-under=90")


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


@pytest.mark.usefixtures("one_at_a_time")
@pytest.mark.parametrize("variant", living(), ids=title)
def test_fresh_service_passes_all_of_its_own_gates(template: Path, tmp_path: Path, variant: Variant) -> None:
    project = bake_on_the_command_line(template, tmp_path, variant)
    before = versions(project.text("uv.lock"))

    synced = project.run(uv(), "sync", "--python", sys.executable)
    checked = project.run(uv(), "run", "just", "check")

    assert synced.returncode == 0, synced.stdout
    assert checked.returncode == 0, checked.stdout
    assert versions(project.text("uv.lock")) <= before


@pytest.mark.usefixtures("one_at_a_time")
@pytest.mark.parametrize("variant", working(), ids=title)
def test_fresh_service_passes_the_gates_and_tests_that_its_answers_touch(
    template: Path, tmp_path: Path, variant: Variant
) -> None:
    """All but what is the same in every variant, which the whole lives check: the developer commands, and faults of the server."""
    project = bake_on_the_command_line(template, tmp_path, variant)

    synced = project.run(uv(), "sync", "--python", sys.executable)
    gates = project.run(uv(), "run", "just", "gate", "sizes", "imports", "migrations", "schemas", "contract")
    tests = project.run(uv(), "run", "just", "test", "-n", "auto", *COVERAGE, "--ignore=tests/dev", "-m", "not live")

    assert synced.returncode == 0, synced.stdout
    assert gates.returncode == 0, gates.stdout
    assert tests.returncode == 0, tests.stdout


@pytest.mark.parametrize("variant", [*living(), *working()], ids=title)
def test_lock_of_a_variant_has_only_versions_that_were_tested(template: Path, tmp_path: Path, variant: Variant) -> None:
    project = bake_on_the_command_line(template, tmp_path, variant)

    locked = project.run(uv(), "lock")

    assert locked.returncode == 0, locked.stdout
    assert versions(project.text("uv.lock")) <= versions((TREE / "uv.lock").read_text(encoding="utf-8"))
