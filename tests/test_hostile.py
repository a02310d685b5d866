"""Where little is there, and with the worst of answers: a bake that works or a line that says what to do, and nothing lost."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.project import Project, run
from tests.variants import Variant, arguments

# As root, files that nobody may write can be written.
UNPRIVILEGED = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
WITHOUT_NETWORK = ["unshare", "--user", "--map-root-user", "--net"]
NEEDS_SETPRIV = pytest.mark.skipif(
    bool(UNPRIVILEGED) and shutil.which("setpriv") is None, reason="root may write everywhere, and setpriv is not here"
)
HOSTILE = """O'Connor's ${PATH} {service} 100% "quoted" \\back #! <é> 🚀"""


def cookiecutter(
    template: Path, folder: Path, *options: str, prefix: list[str] | None = None, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """The `cookiecutter` command with nothing to type its answers on."""
    home = {"HOME": str(folder.parent / "home"), **environment}
    command = [*(prefix or []), sys.executable, "-m", "cookiecutter", str(template), "--output-dir", str(folder)]
    return run(*command, *options, cwd=folder.parent, **home)


def works(command: list[str]) -> bool:
    """Whether a command is there and may do its work."""
    return shutil.which(command[0]) is not None and run(*command, "true", cwd=Path.cwd()).returncode == 0


@pytest.mark.parametrize(
    ("prefix", "environment"),
    [
        pytest.param([], {"PATH": os.devnull}, id="no git, no uv"),
        pytest.param([], {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, id="ASCII locale"),
        pytest.param([], {"PYTHONIOENCODING": "ascii"}, id="ASCII terminal"),
        pytest.param([], {"TMPDIR": os.devnull}, id="no folder for temporary files"),
        pytest.param(
            WITHOUT_NETWORK,
            {},
            id="no network",
            marks=pytest.mark.skipif(not works(WITHOUT_NETWORK), reason="networks cannot be taken away here"),
        ),
    ],
)
def test_bake_where_little_is_there_is_the_same_service(
    template: Path,
    tmp_path: Path,
    baked: Callable[[Variant], Project],
    prefix: list[str],
    environment: dict[str, str],
) -> None:
    folder = tmp_path / "é 🚀 \"x\" 'y' $HOME %s {z}"

    done = cookiecutter(template, folder, "--no-input", prefix=prefix, **environment)

    assert done.returncode == 0, done.stdout
    assert "Your service is ready." in done.stdout
    assert "not tidied up" not in done.stdout
    assert Project(folder / "my-service").contents() == baked({}).contents()


def test_next_step_can_be_typed_whatever_the_folder_is_called(template: Path, tmp_path: Path) -> None:
    done = cookiecutter(template, tmp_path / "\"x\" 'y' $HOME `id` {z}", "--no-input")

    (step,) = [line.strip() for line in done.stdout.splitlines() if line.strip().startswith("cd ")]
    went = run("sh", "-c", f"{step} && pwd", cwd=tmp_path)
    assert went.stdout.rstrip("\n") == str(tmp_path / "\"x\" 'y' $HOME `id` {z}" / "my-service")


def test_questions_without_a_terminal_are_given_up_and_nothing_is_made(template: Path, tmp_path: Path) -> None:
    done = cookiecutter(template, tmp_path / "out")

    assert done.stdout.endswith("Aborted!\n")
    assert done.returncode == 1
    assert not (tmp_path / "out").exists()


def test_folder_that_is_there_is_named_and_left_as_it_is(template: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / "my-service").mkdir(parents=True)
    (tmp_path / "out" / "my-service" / "README.md").write_text("Mine.\n")

    done = cookiecutter(template, tmp_path / "out", "--no-input")

    assert done.stdout == f'Error: "{tmp_path / "out" / "my-service"}" directory already exists\n'
    assert Project(tmp_path / "out").contents() == {"my-service/README.md": b"Mine.\n"}


def test_refusal_comes_before_what_cookiecutter_says(template: Path, tmp_path: Path) -> None:
    done = cookiecutter(template, tmp_path / "out", "--no-input", "project_slug=class")

    assert done.stdout.startswith("project_slug 'class' is a Python keyword; use lower-case letters")
    assert list((tmp_path / "out").iterdir()) == []


@NEEDS_SETPRIV
@pytest.mark.parametrize("place", ["home", "out"])
def test_folder_that_nobody_may_write_is_named_and_nothing_is_made(template: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / place).chmod(0o555)

    done = cookiecutter(template, tmp_path / "out", "--no-input", prefix=UNPRIVILEGED)

    assert done.stdout.splitlines()[-1].startswith(f"OSError: Unable to create directory at {tmp_path / place}")
    assert list((tmp_path / "out").iterdir()) == []


@NEEDS_SETPRIV
def test_home_that_nobody_may_write_needs_another_place_for_the_answers(template: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir(mode=0o555)
    (tmp_path / "answers.yaml").write_text(f"replay_dir: {tmp_path / 'answers'}\n")

    done = cookiecutter(
        template,
        tmp_path / "out",
        "--no-input",
        "--config-file",
        str(tmp_path / "answers.yaml"),
        prefix=UNPRIVILEGED,
    )

    assert done.returncode == 0, done.stdout
    assert (tmp_path / "out" / "my-service" / "pyproject.toml").exists()


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({"project_name": HOSTILE, "project_slug": "notes", "description": HOSTILE}, id="hostile"),
        pytest.param({"project_name": "X" * 80, "project_slug": "x" * 40, "description": "é" * 200}, id="long"),
        pytest.param({"project_name": "Class", "project_slug": "class-service", "description": "class"}, id="class"),
    ],
)
def test_service_with_hostile_answers_is_formatted_parses_and_says_its_name(
    template: Path, tmp_path: Path, service_commands: Path, answers: Variant
) -> None:
    done = cookiecutter(
        template, tmp_path / "out", "--no-input", *arguments(answers | {"author_name": answers["project_name"]})
    )
    project = Project(tmp_path / "out" / str(answers["project_slug"]))
    commands = {
        "lint": (service_commands / "ruff", "check", "--no-cache", "."),
        "format": (service_commands / "ruff", "format", "--check", "--no-cache", "."),
        "just": (service_commands / "just", "--summary"),
    }

    failed = {name: result.stdout for name, command in commands.items() if (result := project.run(*command)).returncode}
    document = project.run(
        service_commands / "python", "-W", "error", "-m", "app", "openapi", PYTHONDONTWRITEBYTECODE="1"
    )

    assert done.returncode == 0, done.stdout
    assert failed == {}
    assert json.loads(document.stdout)["info"]["title"] == answers["project_name"]
    assert json.loads(document.stdout)["info"]["description"] == answers["description"]
    assert parsed(project) >= {"pyproject.toml", "contracts/openapi.yaml"}


def parsed(project: Project) -> set[str]:
    """The data files, each of which parses."""
    parsers: dict[str, Callable[[str], object]] = {
        ".toml": tomllib.loads,
        ".lock": tomllib.loads,
        ".json": json.loads,
        ".yaml": yaml.safe_load,
        ".yml": yaml.safe_load,
    }
    names = {name for name in project.files() if Path(name).suffix in parsers}
    return {name for name in names if parsers[Path(name).suffix](project.text(name)) is not None}
