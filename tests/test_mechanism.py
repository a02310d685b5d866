"""What every service runs on and no team edits, tested in bakes: its server, its connections, and faults of its database.

The tests stand in `service_tests/`, so that no team has to own them or wait for them. A bake gets them as `tests/mechanism`.
"""

from pathlib import Path

import pytest

from tests.project import bake_into, with_mechanism
from tests.variants import Variant, all_on, living, title


@pytest.fixture(scope="session")
def tested_template(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template with these tests in its service: what an answer owns among them goes with it."""
    return with_mechanism(template, tmp_path_factory.mktemp("mechanism") / "template")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The largest service; with `--every-variant` each that lives."""
    variants = living(every=True) if metafunc.config.getoption("every_variant") else [all_on()]
    metafunc.parametrize("variant", variants, ids=title)


@pytest.mark.slow
@pytest.mark.usefixtures("alone")
def test_mechanism_holds(tested_template: Path, tmp_path: Path, service_commands: Path, variant: Variant) -> None:
    project = bake_into(tmp_path, tested_template, variant)

    result = project.run(
        service_commands / "python",
        "-m",
        "pytest",
        "-n",
        "4",
        "-p",
        "no:cacheprovider",
        "--timeout",
        "300",
        "tests/mechanism",
    )

    assert result.returncode == 0, result.stdout


def test_mechanism_is_tested_by_code_as_good_as_the_service(
    tested_template: Path, tmp_path: Path, service_commands: Path, variant: Variant
) -> None:
    project = bake_into(tmp_path, tested_template, variant)

    linted = [
        project.run(service_commands / "ruff", *command, "tests") for command in (["check"], ["format", "--check"])
    ]

    assert [result.returncode for result in linted] == [0, 0], linted[0].stdout + linted[1].stdout
