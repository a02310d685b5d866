"""`docs/recipes.md` of a service, done as a reader would do it: its files written, its changes made, its commands run."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.project import Project, require_success
from tests.reader import Block, follow
from tests.recipes import Recipes
from tests.service_environment import types_known
from tests.variants import Variant, all_off, title

PAGE = "docs/recipes.md"
GATES = ("format", "lint", "types", "layers", "dependencies", "contract-lint", "schemas", "contract", "migrations")
SHAPES: list[Variant] = [all_off(), {"auth": "jwt"}]  # the second with `--every-variant`


@pytest.fixture
def service(baked: Callable[[Variant], Project], tmp_path: Path, service_commands: Path, shape: Variant) -> Recipes:
    made = Recipes(baked(shape), tmp_path / "my-service", service_commands)
    made.git("init", "--quiet")
    made.commit("chore: start from the template")
    return made


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The smallest shape, and with `--every-variant` one with more to meet."""
    shapes = SHAPES if metafunc.config.getoption("every_variant") else SHAPES[:1]
    metafunc.parametrize("shape", shapes, ids=title)


@pytest.mark.slow
def test_reader_who_does_all_of_the_page_passes_the_gates(
    service: Recipes, service_commands: Path, tmp_path: Path
) -> None:
    environment = {"UV_PROJECT_ENVIRONMENT": str(service_commands.parent), "UV_NO_SYNC": "1", "PATH": service.path}
    environment |= types_known(tmp_path / "mypy")

    def run(block: Block) -> None:
        done = service.project.run("sh", "-eu", "-c", block.text, **environment)
        if done.returncode:
            require_success(f"{block.heading}:\n{block.text}\n{done.stdout}")

    follow(service.project.text(PAGE), service.project.root, run)
    gates = service.just("gate", *GATES, **environment)
    tests = service.just(
        "test", "-n", "2", "tests/api/v1", "tests/api/test_queries.py", "tests/core/test_settings.py", **environment
    )

    assert "tests/api/queries/health.py" not in service.git("status", "--porcelain")  # nothing of it has changed
    require_success(*(done.stdout for done in (gates, tests) if done.returncode))
