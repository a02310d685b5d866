"""Tier 1: the full cross product. Each variant has exactly its files and no trace of other answers, parses, and is born clean."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.findings import findings
from tests.project import bake_into, with_fault
from tests.variants import Variant, all_off, cross_product, shaping, title


@pytest.mark.parametrize("variant", cross_product(shaping()), ids=title)
def test_variant_is_whole(template: Path, tmp_path: Path, service_commands: Path, variant: Variant) -> None:
    project = bake_into(tmp_path, template, variant)

    found = findings(project, variant, service_commands)

    assert found == []
    shutil.rmtree(project.root)  # of hundreds of services, only the broken ones stay to be looked at


def write(name: str, text: str) -> Callable[[Path], object]:
    """A fault: a file with this text at its end."""

    def do(root: Path) -> None:
        with (root / name).open("a", encoding="utf-8") as file:
            file.write(text)

    return do


def test_unformatted_line_of_one_answer_is_found_in_its_variants_only(
    template: Path, tmp_path: Path, service_commands: Path
) -> None:
    faulty = with_fault(template, tmp_path / "template", "app/auth/jwt.py", "PROVIDER = ", "PROVIDER  = ")

    red, green = (
        findings(bake_into(tmp_path / str(variant["auth"]), faulty, variant), variant, service_commands)
        for variant in (all_off() | {"auth": "jwt"}, all_off())
    )

    assert [line.split(":")[0] for line in red] == ["ruff format"]
    assert green == []


FAULTS = {
    "stray file: app/orphan.py": write("app/orphan.py", '"""Nobody owns this."""\n'),
    "missing file: app/main.py": lambda root: (root / "app" / "main.py").unlink(),
    "empty: app/rooms": lambda root: (root / "app" / "rooms").mkdir(),
    "empty: app/room": lambda root: [(root / "app" / "room").mkdir(), (root / "app" / "room" / "__init__.py").touch()],
    "app/main.py: left over": write("app/main.py", "# {% endif %}\n"),
    "README.md: line ends": write("README.md", "no line end"),
    "alembic.ini: line ends": write("alembic.ini", "\r\n"),
    "contracts/openapi.yaml: does not parse": write("contracts/openapi.yaml", "}\n"),
    "pyproject.toml: does not parse": write("pyproject.toml", "[\n"),
    "word: app/main.py": write("app/main.py", "# As in study plans.\n"),
    "word: app/clerk.py:0": write("app/clerk.py", '"""Nobody signs in."""\n'),
    "ruff format": write("app/main.py", "x=1\n"),
    "ruff check": write("app/main.py", "import os\n"),
}


@pytest.mark.parametrize(("finding", "fault"), FAULTS.items(), ids=FAULTS)
def test_fault_in_one_variant_is_found(
    template: Path, tmp_path: Path, service_commands: Path, finding: str, fault: Callable[[Path], object]
) -> None:
    project = bake_into(tmp_path, template, all_off())

    fault(project.root)

    assert any(line.startswith(finding) for line in findings(project, all_off(), service_commands))
