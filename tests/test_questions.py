"""What the template asks, what it accepts and what it refuses."""

import ast
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from cookiecutter.exceptions import CookiecutterException, FailedHookException
from cookiecutter.generate import generate_context
from cookiecutter.main import cookiecutter
from cookiecutter.prompt import prompt_for_config
from jinja2 import TemplateError

from tests.conftest import Bake
from tests.project import Project
from tests.variants import PROMPTS, QUESTIONS, REPOSITORY, Variant, choices, visible_questions

HOSTILE_TEXTS = [
    'He said "no"',
    "L'été à la façon d’Anaïs",
    "100 % {sure} of %s and %(x)s",
    "back\\slash \\n \\u0041 \\",
    "three \"\"\" and ''' quotes",
    "emoji 🎉👩\u200d💻 and\u00a0no-break",
    "# not a comment: [a] - b, c & d | e > f < g",
    "${HOME} $(id) `id` ; rm",
    "{single} } {",
    "*yaml &anchor !tag ? @ ,",
    "</script><b>bold</b>",
    '"',
    "\\",
    "'",
]

GOOD: list[Variant] = [
    {"project_name": "Été API"},
    {"project_name": "my.api"},
    {"project_name": "日本"},
    {"project_name": "x" * 80},
    {"project_slug": "a"},
    {"project_slug": "x" * 40},
    {"project_slug": "notes-2-go"},
    {"port": "1024"},
    {"port": "65535"},
    {"main_branch": "release/1.0"},
    {"main_branch": "trunk"},
    {"example": "no"},
]

BAD: list[tuple[Variant, str, str]] = [
    ({"project_slug": "class"}, "Python keyword", "Try: class-service"),
    ({"project_slug": "json"}, "standard library", "Try: json-service"),
    ({"project_slug": "fastapi"}, "depends on", "Try: fastapi-service"),
    ({"project_slug": "pydantic-core"}, "depends on", "Try: pydantic-core-service"),
    ({"project_slug": "app"}, "uses itself", "Try: app-service"),
    ({"project_slug": "123x"}, "a letter first", "Try: x"),
    ({"project_slug": "Été API"}, "lower-case letters", "Try: ete-api"),
    ({"project_slug": "my_api"}, "lower-case letters", "Try: my-api"),
    ({"project_slug": "my.api"}, "lower-case letters", "Try: my-api"),
    ({"project_slug": "Notes"}, "lower-case letters", "Try: notes"),
    ({"project_slug": "notes "}, "lower-case letters", "Try: notes"),
    ({"project_slug": "notes-"}, "lower-case letters", "Try: notes"),
    ({"project_slug": "no--tes"}, "single dashes", "Try: no-tes"),
    ({"project_slug": "x" * 80}, "at most 40 characters", f"Try: {'x' * 40}"),
    ({"project_slug": 'n"otes'}, "lower-case letters", "Try: n-otes"),
    ({"project_slug": "n%s"}, "lower-case letters", "Try: n-s"),
    ({"project_name": "123"}, "a letter first", "Try: my-service"),
    ({"project_name": "class"}, "Python keyword", "Try: class-service"),
    ({"project_name": "Notes "}, "no space at either end", "Try: 'Notes'"),
    ({"project_name": "a\nb", "project_slug": "ab"}, "one line", "Try: 'a b'"),
    ({"project_name": "x" * 81}, "1 to 80", f"Try: {'x' * 80!r}"),
    ({"description": ""}, "1 to 200", "Try: "),
    ({"description": "tab\there"}, "visible characters", "Try: 'tab here'"),
    ({"author_name": "nul\x00"}, "visible characters", "Try: 'nul'"),
    ({"port": "80"}, "1024 to 65535", "Try: 8000"),
    ({"port": "65536"}, "1024 to 65535", "Try: 8000"),
    ({"port": "eight"}, "whole number", "Try: 8000"),
    ({"port": "٨٠٠٠"}, "whole number", "Try: 8000"),
    ({"main_branch": "my branch"}, "git branch name", "Try: main"),
    ({"main_branch": "-f"}, "git branch name", "Try: main"),
    ({"main_branch": "a..b"}, "git branch name", "Try: main"),
    ({"main_branch": "x.lock"}, "git branch name", "Try: main"),
    ({"main_branch": "HEAD"}, "git branch name", "Try: main"),
    ({"kubernetes": True, "docker": False}, "needs docker=true", "Try: docker=true, or leave kubernetes out"),
    ({"mail": True, "auth": "jwt"}, "needs auth=jwt and jobs=true", "Try: auth=jwt and jobs=true, or leave mail out"),
    ({"mail": True, "jobs": True}, "needs auth=jwt and jobs=true", "Try: auth=jwt and jobs=true, or leave mail out"),
]


@pytest.mark.parametrize("answers", GOOD, ids=str)
def test_good_answer_bakes(bake: Bake, answers: Variant) -> None:
    assert "pyproject.toml" in bake(**answers).files()


@pytest.mark.parametrize(("answers", "form", "suggestion"), BAD, ids=str)
def test_bad_answer_is_refused_in_one_line_and_leaves_nothing(
    bake: Bake, tmp_path: Path, capfd: pytest.CaptureFixture[str], answers: Variant, form: str, suggestion: str
) -> None:
    (tmp_path / "out").mkdir()

    with pytest.raises(FailedHookException):
        bake(**answers)

    (refusal,) = [line for line in capfd.readouterr().err.splitlines() if "Try: " in line]
    assert refusal.startswith(tuple(answers) if "project_name" not in answers else ("project_name", "project_slug"))
    assert form in refusal
    assert suggestion in refusal
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("slug", ["a/b", "a/b/c"])
def test_slug_with_folders_is_refused_and_leaves_none_of_them(bake: Bake, tmp_path: Path, slug: str) -> None:
    (tmp_path / "out").mkdir()

    # cookiecutter itself then misses the folder that it wants to delete.
    with pytest.raises((FailedHookException, FileNotFoundError)):
        bake(project_slug=slug)

    assert list((tmp_path / "out").iterdir()) == []


def test_every_wrong_answer_is_named_at_once(bake: Bake, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(FailedHookException):
        bake(project_slug="class", port="1", main_branch="a b", description=" ")

    refused = [line.partition(" ")[0] for line in capfd.readouterr().err.splitlines() if "Try: " in line]
    assert refused == ["project_slug", "description", "port", "main_branch"]


@pytest.mark.parametrize("text", ["{{ undefined }}", "{{ 7", "# {% if %}"])
def test_template_code_in_an_answer_never_becomes_a_service(bake: Bake, tmp_path: Path, text: str) -> None:
    with pytest.raises((CookiecutterException, TemplateError)):
        bake(description=text)

    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    "answers", [{"auth": "ldap"}, {"licence": "GPL"}, {"python_version": "3.10"}, {"example": "maybe"}], ids=str
)
def test_answer_outside_the_choices_is_refused(bake: Bake, tmp_path: Path, answers: Variant) -> None:
    with pytest.raises(ValueError, match="provided for"):
        bake(**answers)

    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_hostile_free_text_arrives_unchanged_in_every_kind_of_file(bake: Bake, text: str) -> None:
    project = bake(project_name=text, project_slug="notes", description=text, author_name=text)

    settings = tomllib.loads(project.text("pyproject.toml"))["project"]
    contract = yaml.safe_load(project.text("contracts/openapi.yaml"))["info"]
    constants = constants_of(project.text("app/core/project.py"))
    assert settings["description"] == text
    assert settings["authors"][0]["name"] == text
    assert contract["title"] == text
    assert contract["description"].strip().startswith(text)
    assert constants["TITLE"] == text
    assert constants["DESCRIPTION"] == text
    assert text in project.text("LICENSE")


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_hostile_free_text_leaves_python_that_passes_lint_and_format(
    bake: Bake, service_commands: Path, text: str
) -> None:
    project = bake(project_name=text, project_slug="notes", description=text, author_name=text)

    lint = project.run(service_commands / "ruff", "check", "--no-cache", "app/core/project.py")
    layout = project.run(service_commands / "ruff", "format", "--check", "--no-cache", "app/core/project.py")

    assert lint.returncode == 0, lint.stdout
    assert layout.returncode == 0, layout.stdout


def constants_of(source: str) -> dict[str, object]:
    """The values of a module's literal assignments."""
    return {
        target.id: node.value.value
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


# The architecture set eighteen. The nineteenth, `llm`, is a requirement of its own with a dependency, a table and costs for which nobody is to be
# signed up unasked, so it can hide behind no other answer; a question that is a value is still a setting.
def test_there_are_at_most_nineteen_questions_each_with_a_label() -> None:
    questions = visible_questions()

    assert len(questions) <= 19
    assert set(PROMPTS) == set(questions)


@pytest.mark.parametrize("name", [name for name in choices() if isinstance(QUESTIONS[name], list)])
def test_every_choice_has_a_label(name: str) -> None:
    labels = PROMPTS[name]

    assert isinstance(labels, dict)
    assert list(labels) == ["__prompt__", *map(str, choices()[name])]


def test_defaults_equal_the_same_answers_given_explicitly(baked: Callable[[Variant], Project], bake: Bake) -> None:
    explicit = {name: str(value) for name, value in default_answers().items() if not isinstance(value, bool)}

    assert bake(**explicit, example=True).contents() == baked({}).contents()


def default_answers() -> dict[str, object]:
    """Every question with the answer it gets from someone who only presses Enter."""
    context = generate_context(str(REPOSITORY / "cookiecutter.json"))
    answers = prompt_for_config(context, no_input=True)
    return {name: answers[name] for name in visible_questions()}


def test_baking_twice_gives_the_same_bytes(bake: Bake) -> None:
    assert bake("first").contents() == bake("second").contents()


def test_bake_needs_no_git_no_uv_and_no_terminal(template: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "cookiecutter",
        str(template),
        "--no-input",
        "--default-config",
        "--output-dir",
        str(tmp_path),
    ]

    done = subprocess.run(
        command,
        env={"HOME": str(tmp_path), "PATH": ""},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "uv run just dev" in done.stdout
    assert "pip install uv" in done.stdout
    assert (tmp_path / "my-service" / "pyproject.toml").exists()


def test_refusal_on_the_command_line_exits_with_one(template: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "cookiecutter",
        str(template),
        "--no-input",
        "--default-config",
        "--output-dir",
        str(tmp_path / "out"),
    ]

    done = subprocess.run([*command, "project_slug=class"], env=os.environ, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("project_slug 'class' is a Python keyword")
    assert not (tmp_path / "out" / "class").exists()


def test_answers_are_refused_before_any_file_is_overwritten(template: Path, tmp_path: Path) -> None:
    mine = tmp_path / "class" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("mine")

    with pytest.raises(FailedHookException):
        cookiecutter(
            str(template),
            no_input=True,
            default_config=True,
            output_dir=str(tmp_path),
            overwrite_if_exists=True,
            extra_context={"project_slug": "class"},
        )

    assert [path.name for path in mine.parent.iterdir()] == ["mine.txt"]
