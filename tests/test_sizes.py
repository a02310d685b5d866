"""What a team comes to own stays small: the files and lines of each preset have a budget."""

import runpy
from pathlib import Path

import pytest
import yaml

from tests.computed import Computation
from tests.variants import REPOSITORY, TREE, presets

BUDGETS: dict[str, dict[str, int]] = yaml.safe_load((REPOSITORY / "tests" / "size_budgets.yaml").read_text("utf-8"))


def sizes(contents: dict[str, bytes]) -> dict[str, int]:
    """The files of a service, and the lines of Python in each of the folders that have a budget."""
    python = {name: text.count(b"\n") for name, text in contents.items() if name.endswith(".py")}
    return {
        "files": len(contents),
        **{
            folder: sum(lines for name, lines in python.items() if name.startswith(f"{folder}/"))
            for folder in ("app", "tests", "dev")
        },
    }


def over_budget(found: dict[str, int], budget: dict[str, int]) -> list[str]:
    """What has grown past its budget."""
    return [f"{what}: {found[what]}, {budget[what]} at most" for what in budget if found[what] > budget[what]]


def test_every_preset_has_a_budget() -> None:
    assert BUDGETS.keys() == {*presets(), "default"}


@pytest.mark.parametrize("preset", BUDGETS)
def test_service_stays_within_its_size(template: Path, preset: str) -> None:
    found = sizes(Computation(template).contents(presets().get(preset, {})))

    assert over_budget(found, BUDGETS[preset]) == []


def test_one_line_too_many_is_reported() -> None:
    found = sizes({"app/main.py": b"a\nb\n", "README.md": b"a\n"})

    assert found == {"files": 2, "app": 2, "tests": 0, "dev": 0}
    assert over_budget(found, found | {"app": 1}) == ["app: 2, 1 at most"]


def test_readme_says_the_sizes() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")

    for preset, budget in BUDGETS.items():
        assert f"| {preset} | {' | '.join(f'{number:,}' for number in budget.values())} |" in readme


def test_code_of_the_template_is_held_to_the_limits_of_a_service() -> None:
    too_long = runpy.run_path(str(TREE / "tests" / "test_sizes.py"))["too_long"]
    folders = ("benchmarks", "devkit", "hooks", "service_tests", "tests", "tools")
    modules = (path for folder in folders for path in (REPOSITORY / folder).rglob("*.py"))

    found = [f"{path.relative_to(REPOSITORY)}:{each}" for path in modules for each in too_long(path.read_text("utf-8"))]

    assert found == []
