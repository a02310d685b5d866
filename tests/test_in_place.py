"""The tree is a service that runs as it stands, before any bake: an editor, a debugger and the gates work in it."""

import re
from pathlib import Path

import pytest

from tests.computed import Computation
from tests.project import Project, with_mechanism
from tests.service_environment import types
from tests.variants import living

TEST = re.compile(r"tests/(.*/)?test_\w+\.py")


@pytest.fixture
def tree(template: Path, tmp_path: Path) -> Project:
    """The unrendered service, in a copy of its own: what runs there leaves caches that no other test may see."""
    return Project(with_mechanism(template, tmp_path / "template") / "{{cookiecutter.project_slug}}")


def test_unrendered_tree_passes_strict_typing(tree: Project, service_commands: Path) -> None:
    assert types(tree, service_commands) == ""


@pytest.fixture
def tests_of_no_life(template: Path) -> list[str]:
    """The tests of answers that no whole life has: they run nowhere else."""
    computed = Computation(template)
    lived = set().union(*map(computed.files, living()))
    return sorted(name for name in computed.sources if TEST.fullmatch(name) and name not in lived)


@pytest.mark.slow
def test_unrendered_tree_passes_the_tests_that_no_life_runs(
    tree: Project, tests_of_no_life: list[str], service_commands: Path, tmp_path: Path
) -> None:
    result = tree.run(
        service_commands / "pytest",
        "-n",
        "2",
        *tests_of_no_life,
        "tests/api/test_routes.py",
        "-p",
        "no:cacheprovider",
        PYTHONPYCACHEPREFIX=str(tmp_path),
    )

    assert result.returncode == 0, result.stdout
