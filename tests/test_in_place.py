"""The tree is a service that runs as it stands, before any bake: an editor, a debugger and the gates work in it."""

from pathlib import Path

import pytest

from tests.project import Project, with_mechanism
from tests.service_environment import types


@pytest.fixture
def tree(template: Path, tmp_path: Path) -> Project:
    """The unrendered service, in a copy of its own: what runs there leaves caches that no other test may see."""
    return Project(with_mechanism(template, tmp_path / "template") / "{{cookiecutter.project_slug}}")


def test_unrendered_tree_passes_strict_typing(tree: Project, service_commands: Path) -> None:
    assert types(tree, service_commands) == ""


@pytest.mark.slow
def test_unrendered_tree_passes_its_own_tests(tree: Project, service_commands: Path, tmp_path: Path) -> None:
    result = tree.run(
        service_commands / "pytest",
        "-n",
        "2",
        "tests/api/v1",
        "tests/auth",
        "-p",
        "no:cacheprovider",
        PYTHONPYCACHEPREFIX=str(tmp_path),
    )

    assert result.returncode == 0, result.stdout
