"""The pure functions of the hooks, and what the hooks as files must be."""

import ast
import keyword
import sys
from pathlib import Path

import post_gen_project as post_gen
import pre_gen_project as pre_gen
import pytest

from tests.variants import QUESTIONS, REPOSITORY, TREE
from tools.lock import versions

HOOKS = sorted((REPOSITORY / "hooks").glob("*.py"))
NAMES = frozenset({"fastapi", "pydantic-core"})


@pytest.mark.parametrize(
    ("slug", "suggestion"),
    [
        ("Été API", "ete-api"),
        ("my.api", "my-api"),
        ("123x", "x"),
        ("class", "class-service"),
        ("json", "json-service"),
        ("fastapi", "fastapi-service"),
        ("pydantic_core", "pydantic-core-service"),
        ("日本", "my-service"),
        ("", "my-service"),
        ("x" * 80, "x" * 40),
        ("a/b", "a-b"),
        ("--notes--", "notes"),
    ],
)
def test_suggested_slug_is_near_and_accepted(slug: str, suggestion: str) -> None:
    found = pre_gen.suggest_slug(slug, NAMES)

    assert found == suggestion
    assert list(pre_gen.check_slug(found, NAMES)) == []


def test_taken_slugs_are_refused() -> None:
    taken = {*keyword.kwlist, *sys.stdlib_module_names, "app", "tests", "postgres", *NAMES}

    accepted = [slug for slug in sorted(taken) if not list(pre_gen.check_slug(slug.replace("_", "-"), NAMES))]

    assert accepted == []


@pytest.mark.parametrize(
    "text", ["", " ", "a\n", "\ta", "a\u200bb", "a\x00", "\ud800", "{{ x }}", "# {% x %}", "x" * 81, "\u202eevil"]
)
def test_text_with_hidden_or_template_characters_is_refused_with_a_text_that_passes(text: str) -> None:
    (refusal,) = pre_gen.check_free_text("project_name", text, 80)

    suggestion = ast.literal_eval(refusal.rpartition("Try: ")[2])
    assert list(pre_gen.check_free_text("project_name", suggestion, 80)) == []


def test_refusal_is_one_short_line_of_plain_ascii() -> None:
    (refusal,) = pre_gen.check_free_text("description", "é\n" * 5000, 200)

    assert refusal.isascii()
    assert "\n" not in refusal
    assert len(refusal) < 1500


def test_service_dependencies_are_refused_as_slugs() -> None:
    locked = versions((TREE / "uv.lock").read_text(encoding="utf-8"))

    assert str(QUESTIONS["_dependencies"]).split() == sorted({name for name, _ in locked})


def test_file_with_a_chosen_owner_survives_another_that_is_not(tmp_path: Path) -> None:
    (tmp_path / "shared.py").touch()
    (tmp_path / "only.py").touch()

    unowned = post_gen.unowned_files(tmp_path, {"a=true": ["*.py"], "b=x": ["shared.py"]}, {"a": False, "b": "x"})

    assert unowned == {tmp_path / "only.py"}


@pytest.mark.parametrize(("a", "b", "stays"), [(True, "x", True), (True, "y", False), (False, "x", False)])
def test_file_of_two_answers_together_stays_with_both_only(tmp_path: Path, *, a: bool, b: str, stays: bool) -> None:
    (tmp_path / "both.py").touch()

    unowned = post_gen.unowned_files(tmp_path, {"a=true and b=x": ["*.py"]}, {"a": a, "b": b})

    assert unowned == (set() if stays else {tmp_path / "both.py"})


def test_pruning_leaves_no_empty_folder_and_can_be_repeated(tmp_path: Path) -> None:
    (tmp_path / "rooms" / "deep").mkdir(parents=True)
    (tmp_path / "rooms" / "deep" / "file.py").touch()
    (tmp_path / "kept.py").touch()
    owned, answers = {"a=true": ["rooms"]}, {"a": False}

    for _ in range(2):
        post_gen.prune(tmp_path, post_gen.unowned_files(tmp_path, owned, answers))

    assert [path.name for path in tmp_path.iterdir()] == ["kept.py"]


def test_folder_that_was_empty_before_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    post_gen.prune(tmp_path, set())

    assert (tmp_path / "empty").is_dir()


def test_answers_that_files_depend_on_are_told() -> None:
    owned = {"auth=jwt": ["jwt.py"], "auth=none": ["none.py"], "example=true": ["plans.py"]}

    summary = post_gen.shape(owned, {"auth": "none", "example": False, "port": "8000", "_owned_paths": owned})

    assert summary == "auth=none, example=false"


def test_next_step_says_how_to_get_uv_only_to_those_without() -> None:
    assert "pip install uv" in post_gen.next_step(Path("notes"), has_uv=False)
    assert "pip install uv" not in post_gen.next_step(Path("notes"), has_uv=True)


@pytest.mark.parametrize("hook", HOOKS, ids=lambda path: path.stem)
def test_hook_is_short_plain_python_of_the_standard_library(hook: Path) -> None:
    source = hook.read_text(encoding="utf-8")

    tree = ast.parse(source, feature_version=(3, 9))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names
    assert (
        imported & {"random", "secrets", "uuid", "datetime", "time", "subprocess", "urllib.request", "socket"} == set()
    )
    assert len(source.splitlines()) <= 110
    assert source.count("{{") == 1
