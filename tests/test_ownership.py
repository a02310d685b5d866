"""What is not chosen leaves no trace: no file, no folder, no word."""

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import post_gen_project
import pytest

from tests.project import Project, bake_into
from tests.variants import (
    OWNED_PATHS,
    REPOSITORY,
    Variant,
    answers_of,
    choices,
    cross_product,
    is_chosen,
    shaping,
    single_answers,
    title,
)
from tools.derived import matches, tree_files

# Words that only someone who chose the answer may read, in file names and in files, in any case.
WORDS = {
    "auth=telegram, telegram+clerk": [
        "telegram",
        r"\btma\b",
        "init[ _-]?data",
        "bot[ _-]?(token|id)s?",
        "mini[ _-]?app",
        "ed25519",
    ],
    "auth=clerk, telegram+clerk": ["clerk", "svix", "jwks"],
    "auth=jwt": ["argon2", "refresh[ _-]?token", r"\baccounts?\b", r"auth(\.| import )jwt\b", "sign[ _-]in[ _]jwt"],
    "auth=telegram+clerk": ["BySchemeAuthenticator"],
    "auth=telegram, jwt, telegram+clerk": ["AccessTokens", "ACCESS_TOKEN_"],
    "auth=telegram, clerk, jwt, telegram+clerk": ["dev sign-in", "sign-in-cost"],
    "auth=none": ["NoAuthenticator", r"auth(\.| import )none\b", "sign_in_none", r"gateway\.md"],
    "example=true": ["study[ _-]?plan", r"\bcodes\b"],
    # `containers = ` is a word of import-linter's.
    "docker=true": ["docker", r"\bcompose\b", r"\bcontainers?\b(?! = )"],
}
# Files that two answers share on purpose, each with its reason.
SHARED: dict[str, str] = {}

EXPECTED: dict[str, list[str]] = json.loads((REPOSITORY / "tests" / "owned_files.json").read_text(encoding="utf-8"))
VARIANTS = cross_product(shaping())


def expected_files(variant: Variant) -> set[str]:
    """The tree, less what has owners of which none is chosen."""
    owners: dict[str, set[str]] = {}
    for owner, files in EXPECTED.items():
        for name in files:
            owners.setdefault(name, set()).add(owner)
    return {
        name for name in tree_files() if name not in owners or any(is_chosen(owner, variant) for owner in owners[name])
    }


@pytest.mark.parametrize("variant", VARIANTS, ids=title)
def test_service_has_exactly_the_files_of_its_answers(baked: Callable[[Variant], Project], variant: Variant) -> None:
    project = baked(variant)

    assert sorted(project.files()) == sorted(expected_files(variant))


@pytest.mark.parametrize("answer", single_answers(), ids=title)
def test_every_single_answer_bakes_its_files(baked: Callable[[Variant], Project], answer: Variant) -> None:
    project = baked(answer)

    assert project.files() == expected_files(answer)


def test_traces_of_running_the_tree_in_place_stay_behind(template: Path, tmp_path: Path) -> None:
    worked_in = shutil.copytree(template, tmp_path / "template")
    tree = worked_in / "{{cookiecutter.project_slug}}"
    for name in (".mypy_cache/x", "app/__pycache__/x.pyc", ".dev/postgres/data/x", ".env", ".coverage.host.1"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(b"text {{ enough \x9c")

    project = bake_into(tmp_path / "out", worked_in, {})

    assert project.files() == expected_files({})


@pytest.mark.parametrize("variant", VARIANTS, ids=title)
def test_service_has_no_empty_folder_and_no_stray_empty_file(
    baked: Callable[[Variant], Project], variant: Variant
) -> None:
    root = baked(variant).root

    empty_folders = [path for path in root.rglob("*") if path.is_dir() and not any(path.iterdir())]
    empty_files = [
        path for path in root.rglob("*") if path.is_file() and not path.stat().st_size and path.name != "__init__.py"
    ]
    lone_packages = [
        path for path in root.rglob("__init__.py") if not path.stat().st_size and len(list(path.parent.iterdir())) == 1
    ]

    assert empty_folders + empty_files + lone_packages == []


@pytest.mark.parametrize("variant", VARIANTS, ids=title)
def test_no_word_of_an_answer_that_was_not_chosen_remains(
    baked: Callable[[Variant], Project], variant: Variant
) -> None:
    project = baked(variant)
    words = [word for owner, words in WORDS.items() if not is_chosen(owner, variant) for word in words]

    assert [line for word in words for line in lines_with(project, word)] == []


def lines_with(project: Project, word: str) -> list[str]:
    """Where a word stands, in file names and in files."""
    pattern = re.compile(word, re.IGNORECASE)
    names = [name for name in project.files() if pattern.search(name)]
    texts = {
        name: content.decode("utf-8", "replace").splitlines()
        for name, content in project.contents().items()
        if name != "uv.lock"  # the same for all variants; uv takes out what is not needed on first use
    }
    lines = [
        f"{name}:{n}: {line.strip()}"
        for name, text in texts.items()
        for n, line in enumerate(text, 1)
        if pattern.search(line)
    ]
    return names + lines


@pytest.mark.parametrize(
    ("owner", "answer"), [(owner, answer) for owner in OWNED_PATHS for answer in answers_of(owner)], ids=str
)
def test_words_of_an_answer_stand_in_the_service_that_chose_it(
    baked: Callable[[Variant], Project], owner: str, answer: Variant
) -> None:
    found = [word for word in WORDS[owner] if lines_with(baked(answer), word)]

    assert found == WORDS[owner]


@pytest.mark.parametrize("owner", OWNED_PATHS)
def test_owner_is_a_question_and_some_of_its_answers(owner: str) -> None:
    name = owner.partition("=")[0]

    owning = [answer[name] for answer in answers_of(owner)]

    assert 0 < len(owning) < len(choices()[name])


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

    assert found == EXPECTED, "review the difference, then: uv run python -m tools.derived"


def test_no_file_has_two_owners_by_accident() -> None:
    counts = Counter(name for files in EXPECTED.values() for name in files)

    assert {name for name, count in counts.items() if count > 1} == set(SHARED)


def test_hook_and_tests_read_patterns_alike(template: Path) -> None:
    tree = template / "{{cookiecutter.project_slug}}"
    found = {
        owner: sorted(path.relative_to(tree).as_posix() for path in post_gen_project.files_of(tree, paths))
        for owner, paths in OWNED_PATHS.items()
    }

    assert found == EXPECTED
