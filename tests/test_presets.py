"""The presets: files of answers for `cookiecutter --config-file`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.project import Project, bake_into, run
from tests.variants import REPOSITORY, visible_questions

if TYPE_CHECKING:
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

    baked = run(
        *(sys.executable, "-m", "cookiecutter", template, "--no-input", "--config-file", preset),
        *("--output-dir", tmp_path / "preset"),
        cwd=tmp_path,
        HOME=str(tmp_path),
    )

    assert baked.returncode == 0, baked.stdout
    assert Project(tmp_path / "preset" / "my-service").contents() == by_answers.contents()
