"""The wheel of devkit in the service: built from the source beside it, the same each time, and nothing else in it."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.project import Project
from tests.variants import REPOSITORY, TREE, Variant
from tests.words import WORDS
from tools.lock import uv
from tools.wheel import SOURCE, VENDOR, build

# What a shape of a credential, a rule of a contract or a command is called is no answer of the template.
ANSWERS = [owner for owner in WORDS if not owner.startswith("example=")]


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source elsewhere, with what work on it leaves, newer, and with other permissions."""
    copy = tmp_path_factory.mktemp("elsewhere") / "devkit"
    shutil.copytree(SOURCE, copy, copy_function=shutil.copyfile, ignore=shutil.ignore_patterns("tests", ".*"))
    (copy / "src" / "service_devkit" / "__pycache__").mkdir(exist_ok=True)
    (copy / "src" / "service_devkit" / "__pycache__" / "run.cpython-311.pyc").write_bytes(b"visibly fake")
    (copy / "src" / "service_devkit" / "run.py").chmod(0o600)
    return copy


@pytest.fixture(scope="session")
def wheel() -> Path:
    """The wheel that every service gets."""
    (wheel,) = VENDOR.iterdir()
    return wheel


def test_two_builds_of_one_source_are_the_same_byte_for_byte(source: Path, tmp_path: Path, wheel: Path) -> None:
    first, second = (build(tmp_path / name, source) for name in ("first", "second"))

    assert first.read_bytes() == second.read_bytes() == wheel.read_bytes()
    assert first.name == second.name == wheel.name


def check() -> "subprocess.CompletedProcess[str]":
    """Ask whether the wheel is that of the source."""
    command = [sys.executable, "-m", "tools.wheel", "--check"]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


def test_wheel_is_built_from_the_source_beside_it() -> None:
    done = check()

    assert done.returncode == 0, f"run: uv run python -m tools.wheel\n{done.stdout}{done.stderr}"


def test_changed_source_gives_another_wheel(source: Path, tmp_path: Path, wheel: Path) -> None:
    changed = tmp_path / "devkit"
    shutil.copytree(source, changed)
    with (changed / "src" / "service_devkit" / "run.py").open("a", encoding="utf-8") as file:
        file.write("\n")

    assert build(tmp_path / "built", changed).read_bytes() != wheel.read_bytes()


def test_versions_of_template_package_wheel_and_its_user_are_one(wheel: Path) -> None:
    template, package = (
        tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
        for folder in (REPOSITORY, SOURCE)
    )
    service = (TREE / "pyproject.toml").read_text(encoding="utf-8")

    assert package == template
    assert wheel.name == f"service_devkit-{package}-py3-none-any.whl"
    assert f'service-devkit = {{ path = "vendor/{wheel.name}" }}\n' in service


def test_switch_to_an_index_is_deleting_two_lines(baked: Callable[[Variant], Project], tmp_path: Path) -> None:
    service = Project(shutil.copytree(baked({"docker": False}).root, tmp_path / "service"))
    project = service.root / "pyproject.toml"
    lines = project.read_text(encoding="utf-8").splitlines(keepends=True)
    first = lines.index("[tool.uv.sources]\n")
    index = shutil.move(service.root / "vendor", tmp_path / "index")

    del lines[first : first + 2]
    project.write_text("".join(lines), encoding="utf-8")
    locked = service.run(uv(), "lock", UV_FIND_LINKS=str(index))

    assert locked.returncode == 0, locked.stdout
    (package,) = (
        each for each in tomllib.loads(service.text("uv.lock"))["package"] if each["name"] == "service-devkit"
    )
    assert "registry" in package["source"]


def test_wheel_has_types_templates_and_no_tests(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())

    assert {
        "service_devkit/py.typed",
        "service_devkit/secrets.toml",
        "service_devkit/scaffold/templates/model.txt",
    } <= names
    assert [name for name in names if "test" in name.partition("templates/")[0] or name.endswith(".pyc")] == []


# What devkit is the mechanism of: it asks whether the service has the setting, the file or the table, never which answer was given.
MECHANISMS = {
    "ci=github": "runs the jobs of the CI file that a service has, and publishes where its remote is",
    "ci=gitlab": "the same, of that host",
    "docker=true": "ends the containers of a worktree that has a compose.yaml",
    "redis=true": "starts one beside PostgreSQL where the service names its settings",
    "workflow=true": "is all of it but the settings",
}


@pytest.mark.parametrize("owner", [owner for owner in ANSWERS if owner not in MECHANISMS])
def test_package_knows_no_answer_of_the_template(wheel: Path, owner: str) -> None:
    with zipfile.ZipFile(wheel) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist() if not name.endswith("/")}

    found = [
        f"{name}: {line.strip()}"
        for name, text in texts.items()
        for line in text.splitlines()
        if any(re.search(word, line, re.IGNORECASE) for word in WORDS[owner])
    ]

    assert found == []
