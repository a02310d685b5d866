"""What is not chosen leaves no trace: no file, no folder, no word."""

import re
import shutil
from collections import Counter
from collections.abc import Callable
from math import prod
from pathlib import Path

import post_gen_project
import pytest

from tests.findings import OWNED_FILES, expected_files
from tests.project import Project, bake_into
from tests.variants import (
    OWNED_PATHS,
    Variant,
    answers_of,
    choices,
    with_needs,
)
from tests.words import WORDS
from tools.derived import matches, tree_files

# Files that two answers share on purpose, each with its reason.
SHARED: dict[str, str] = {
    name: "the cache is of use with either: answers of a model are expensive, Redis shares them"
    for name in OWNED_FILES["redis=true"]
    if name.startswith(("app/cache/", "tests/cache/"))
} | {"app/api/connected.py": "what a caller who leaves ends: the reading of a report, and the answer of a model"}


def test_traces_of_running_the_tree_in_place_stay_behind(template: Path, tmp_path: Path) -> None:
    worked_in = shutil.copytree(template, tmp_path / "template")
    tree = worked_in / "{{cookiecutter.project_slug}}"
    left = (
        ".mypy_cache/x",
        "app/__pycache__/x.pyc",
        "app/gone/__pycache__/x.pyc",
        ".dev/postgres/data/x",
        ".env",
        ".coverage.host.1",
    )
    for name in (*left, ".venv/lib/__pycache__/x.pyc"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(b"text {{ enough \x9c")

    project = bake_into(tmp_path / "out", worked_in, {})

    assert project.files() == expected_files({})


@pytest.mark.parametrize(
    ("owner", "answer"), [(owner, answer) for owner in OWNED_PATHS for answer in answers_of(owner)], ids=str
)
def test_words_of_an_answer_stand_in_the_service_that_chose_it(
    baked: Callable[[Variant], Project], owner: str, answer: Variant
) -> None:
    contents = baked(with_needs(answer)).contents()
    text = "\n".join(
        [
            *contents,
            *(
                content.decode("utf-8", "replace")
                for name, content in contents.items()
                if name != "uv.lock" and b"\0" not in content
            ),
        ]
    )

    found = [word for word in WORDS[owner] if re.search(word, text, re.IGNORECASE)]

    assert found == WORDS[owner]


@pytest.mark.parametrize("owner", OWNED_PATHS)
def test_owner_is_a_question_and_some_of_its_answers(owner: str) -> None:
    names = answers_of(owner)[0]

    assert 0 < len(answers_of(owner)) < prod(len(choices()[name]) for name in names)


@pytest.mark.parametrize(
    ("owner", "pattern"), [(owner, pattern) for owner, paths in OWNED_PATHS.items() for pattern in paths]
)
def test_owned_path_exists_in_the_tree(owner: str, pattern: str) -> None:
    assert any(matches(name, pattern) for name in tree_files()), f"{owner} owns {pattern}, which is not there"


def test_owned_files_are_the_ones_that_were_reviewed() -> None:
    found = {
        owner: [name for name in tree_files() if any(matches(name, path) for path in paths)]
        for owner, paths in OWNED_PATHS.items()
    }

    assert found == OWNED_FILES, "review the difference, then: uv run python -m tools.derived"


def test_no_file_has_two_owners_by_accident() -> None:
    counts = Counter(name for files in OWNED_FILES.values() for name in files)

    assert {name for name, count in counts.items() if count > 1} == set(SHARED)


def test_hook_and_tests_read_patterns_alike(template: Path) -> None:
    tree = template / "{{cookiecutter.project_slug}}"
    found = {
        owner: sorted(path.relative_to(tree).as_posix() for path in post_gen_project.files_of(tree, paths))
        for owner, paths in OWNED_PATHS.items()
    }

    assert found == OWNED_FILES
