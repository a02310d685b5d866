"""The presets: files of answers for `cookiecutter --config-file`."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.project import Project, bake_into, run
from tests.variants import REPOSITORY, visible_questions

if TYPE_CHECKING:
    from subprocess import CompletedProcess

    from tests.variants import Variant

PRESETS = sorted((REPOSITORY / "presets").glob("*.yaml"))
BY_NAME = pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.stem)


def _answers(preset: Path) -> Variant:
    answers: Variant = yaml.safe_load(preset.read_text(encoding="utf-8"))["default_context"]
    return answers


def test_presets_are_those_of_the_readme() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")

    assert [preset.stem for preset in PRESETS] == ["api", "full", "minimal"]
    assert all(f"presets/{preset.name}" in readme for preset in PRESETS)


@BY_NAME
def test_preset_answers_only_what_is_asked(preset: Path) -> None:
    questions = json.loads((REPOSITORY / "cookiecutter.json").read_text(encoding="utf-8"))

    for name, answer in _answers(preset).items():
        assert name in visible_questions()
        assert answer in questions[name] if isinstance(questions[name], list) else isinstance(answer, bool)


@BY_NAME
def test_preset_bakes_what_its_answers_bake(template: Path, tmp_path: Path, preset: Path) -> None:
    by_answers = bake_into(tmp_path / "answers", template, _answers(preset))

    baked = bake_by_file(preset, template, tmp_path / "preset")

    assert baked.returncode == 0, baked.stdout
    assert Project(tmp_path / "preset" / "my-service").contents() == by_answers.contents()


def bake_by_file(file: Path, template: Path, folder: Path, *answers: str, **environment: str) -> CompletedProcess[str]:
    """Bake with the command line and a file of answers."""
    return run(
        *(sys.executable, "-m", "cookiecutter", template, "--no-input", "--config-file", file),
        *("--output-dir", folder),
        *answers,
        cwd=folder.parent,
        HOME=str(folder.parent),
        **environment,
    )


def own_file(folder: Path, text: str) -> Path:
    """A file of answers that somebody wrote."""
    file = folder / "answers.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def reported(output: str) -> set[str]:
    """The answers that a bake prints at its end."""
    (line,) = re.findall(r"^Baked with (.+)\.$", output, re.MULTILINE)
    return set(line.split(", "))


def test_own_file_gives_answers_that_the_command_line_overrides(template: Path, tmp_path: Path) -> None:
    file = own_file(tmp_path, "default_context:\n  project_name: Notes\n  auth: jwt\n  example: false\n")

    baked = bake_by_file(file, template, tmp_path / "out", "auth=none")

    assert {"auth=none", "example=false"} <= reported(baked.stdout)
    assert (tmp_path / "out" / "notes" / "app" / "auth" / "none.py").exists()


def test_misspelt_question_in_a_file_is_dropped_and_seen_in_the_last_lines(template: Path, tmp_path: Path) -> None:
    file = own_file(tmp_path, "default_context:\n  auht: jwt\n  example: false\n")

    baked = bake_by_file(file, template, tmp_path / "out")

    assert {"auth=telegram", "example=false"} <= reported(baked.stdout)


def test_answer_of_a_file_outside_the_choices_stops_the_bake_where_warnings_are_errors(
    template: Path, tmp_path: Path
) -> None:
    file = own_file(tmp_path, "default_context:\n  auth: jtw\n  port: '9000'\n")

    warned = bake_by_file(file, template, tmp_path / "warned")
    refused = bake_by_file(file, template, tmp_path / "refused", PYTHONWARNINGS="error::UserWarning")

    assert "jtw provided for choice variable auth, but the choices are" in warned.stdout
    assert "DEFAULT_PORT = 8000" in Project(tmp_path / "warned" / "my-service").text("app/core/project.py")
    assert refused.returncode == 1
    assert not (tmp_path / "refused").exists()


def test_replay_bakes_the_last_answers_again(template: Path, tmp_path: Path) -> None:
    first = bake_by_file(own_file(tmp_path, "default_context:\n  auth: none\n"), template, tmp_path / "first")

    again = run(
        *(sys.executable, "-m", "cookiecutter", template, "--replay", "--output-dir", tmp_path / "again"),
        cwd=tmp_path,
        HOME=str(tmp_path),
    )

    assert [first.returncode, again.returncode] == [0, 0], first.stdout + again.stdout
    made = [Project(tmp_path / name / "my-service").contents() for name in ("first", "again")]
    assert made[0] == made[1]
