"""The tree stays plain source: conditions and answers stand in a few named files, and nothing of them is left after a bake."""

import ast
import json
import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.variants import REPOSITORY, TREE, choices, visible_questions
from tools.derived import tree_files

# The files that assemble lists from what the answers brought, or that say what the service is called.
COMPOSITION = {
    ".env.example",
    ".github/workflows/audit.yml",
    ".github/workflows/ci.yml",
    ".github/workflows/release.yml",
    ".gitlab-ci.yml",
    ".python-version",
    "Dockerfile",
    "LICENSE",
    "README.md",
    "app/api/router.py",
    "app/auth/provider.py",
    "app/cli/__init__.py",
    "app/cli/serve.py",
    "app/core/permissions.py",
    "app/core/project.py",
    "alembic/versions/20261121_1a5c0e7d2b41_create_users.py",
    "alembic/versions/20261128_7c2e91d04ab6_create_jobs.py",
    "alembic/versions/20261129_e81f5b2d7c60_create_llm_usage.py",
    "app/core/settings/__init__.py",
    "app/parts/__init__.py",
    "app/parts/worker.py",
    "app/seeds/__init__.py",
    "compose.yaml",
    "contracts/events.yaml",
    "contracts/openapi.yaml",
    "contracts/redocly.yaml",
    "contracts/schemathesis.toml",
    "deploy/kubernetes/base/app.yaml",
    "deploy/kubernetes/base/network_policy.yaml",
    "deploy/kubernetes/base/settings.env",
    "deploy/kubernetes/overlays/production/kustomization.yaml",
    "deploy/kubernetes/overlays/production/secrets.env.example",
    "deploy/kubernetes/overlays/production/settings.env",
    "justfile",
    "docs/docker.md",
    "docs/github.md",
    "docs/gitlab.md",
    "docs/recipes.md",
    "pyproject.toml",
    "tests/conftest.py",
    "tests/test_migrations.py",
    "uv.lock",
}
TAG = re.compile(r"# \{%.*?%\}")
ANSWER = r'"[\w.+-]+"'
ASKS = rf"cookiecutter\.(\w+)(?: [!=]= ({ANSWER})| in \(({ANSWER}(?:, {ANSWER})+)\))?"
# One question; or two, for what both have brought together, or each would bring.
CONDITION = re.compile(rf"# \{{% if {ASKS}(?: (?:and|or) {ASKS})? %\}}")
VALUE = re.compile(r"# \{% filter replace\(\"[\w.-]+\", cookiecutter\.\w+\) %\}")
RAW = "# {% raw %}"  # around the expressions of GitHub, which have the form of ours
ENDS = {"if": "# {% endif %}", "filter": "# {% endfilter %}", "raw": "# {% endraw %}"}
TAGS_IN_ALL = 502  # (fourteen keep WebSockets and spans of requests out of services that have none; two are the collector in the settings of a cluster; twelve let the model propose codes of reports, twenty are the settings, dependencies and limit of extraction; thirty-six `llm`: settings, a part, a revision after those of other answers, an operation that it and the example have brought together; fourteen of them are what jobs and telemetry need in a cluster, four keep what only workers have out of services without jobs) an answer that is listed where answers are listed costs about ten; one with routes and settings, as `mail`, thirty
TAGS_IN_100_LINES = 3


def text_of(name: str) -> str:
    """A file of the tree; what is not text is copied as it is, and has neither tags nor lines."""
    content = (TREE / name).read_bytes()
    return "" if b"\0" in content else content.decode("utf-8", "replace")


def tags_of(name: str) -> list[str]:
    """The comment-tags of a file, in order."""
    return TAG.findall(text_of(name))


@pytest.mark.parametrize("name", [name for name in tree_files() if name not in COMPOSITION])
def test_ordinary_file_has_neither_tag_nor_answer(name: str) -> None:
    text = text_of(name)

    assert re.findall(r"# \{[%#].*|\{\{.*\}\}|\{%.*", text) == []


@pytest.mark.parametrize("name", sorted(COMPOSITION))
def test_composition_file_has_a_reason_to_be_listed(name: str) -> None:
    assert tags_of(name) or "{{ cookiecutter." in text_of(name)


@pytest.mark.parametrize("name", [name for name in tree_files() if name.endswith(".py")])
def test_python_parses_unrendered(name: str) -> None:
    ast.parse(text_of(name), filename=name, feature_version=(3, 11))


@pytest.mark.parametrize("name", sorted(COMPOSITION))
def test_tags_are_plain_never_nested_and_alone_on_their_line(name: str) -> None:
    tags = tags_of(name)

    for opening, closing in zip(tags[::2], tags[1::2], strict=True):
        assert CONDITION.fullmatch(opening) or VALUE.fullmatch(opening) or opening == RAW, opening
        assert closing == ENDS[opening.split()[2]], f"{opening} is not closed before the next tag"
    assert [line for line in text_of(name).splitlines() if "# {%" in line and not TAG.fullmatch(line.strip())] == []


@pytest.mark.parametrize("name", sorted(COMPOSITION))
def test_conditions_ask_for_answers_that_exist(name: str) -> None:
    tags = [tag for tag in tags_of(name) if CONDITION.fullmatch(tag)]
    for question, one, several in (asks for tag in tags for asks in re.findall(ASKS, tag)):
        asked = re.findall(r'"(.+?)"', one or several) or [True]
        assert set(asked) <= set(choices()[question]), f"{question} has no answer {asked}"


def test_values_are_answers_or_computed_from_them() -> None:
    used = {name for file in tree_files() for name in re.findall(r"\{\{ cookiecutter\.(\w+) \}\}", text_of(file))}

    assert used <= {*visible_questions(), "__project_name", "__description", "__author_name"}


def test_tags_stay_within_the_budget() -> None:
    files = [name for name in tree_files() if name not in {"LICENSE", "uv.lock"}]
    tags = sum(len(tags_of(name)) for name in files)
    lines = sum(text_of(name).count("\n") for name in files)

    assert tags <= TAGS_IN_ALL
    assert tags * 100 <= TAGS_IN_100_LINES * lines


def test_file_and_folder_names_have_no_template_code() -> None:
    assert [name for name in tree_files() if re.search(r"[{}%]", name)] == []


@pytest.mark.parametrize("name", sorted(COMPOSITION))
def test_composition_file_is_rendered(name: str) -> None:
    copied = json.loads((REPOSITORY / "cookiecutter.json").read_text(encoding="utf-8"))["_copy_without_render"]
    parents = [str(folder) for folder in Path(name).parents]

    assert [pattern for pattern in copied if any(fnmatch(part, pattern) for part in (name, *parents))] == []
