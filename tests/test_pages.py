"""What the pages of the questions say an answer brings is what a baked service has because of it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from typing import NamedTuple

import pytest

from tests.project import Project
from tests.variants import REPOSITORY, Answer, Variant, choices, owning, with_needs

CELLS = r"^\| `(\S+)` \| (\d+) \| (\S+|under 100) \| (?:\S+|under 100) \| (.*?) \| (.*?) \|$"


class Brought(NamedTuple):
    """What a service has, or an answer brings."""

    files: frozenset[str]
    packages: frozenset[str]
    settings: frozenset[str]

    def without(self, common: Brought) -> Brought:
        """What is not in every service."""
        return Brought(*(mine - shared for mine, shared in zip(self, common, strict=True)))


def brought_by(project: Project) -> Brought:
    """What a service has."""
    dependencies = tomllib.loads(project.text("pyproject.toml"))["project"]["dependencies"]
    return Brought(
        frozenset(project.files()),
        frozenset(re.split(r"[\[<>=;]", package)[0] for package in dependencies),
        frozenset(re.findall(r"^(?:# ?)?([A-Z][A-Z0-9_]+)=", project.text(".env.example"), re.MULTILINE)),
    )


def rows(question: str) -> dict[Answer, tuple[int, set[str], set[str]]]:
    """The table of a page: files, packages and settings by answer."""
    page = (REPOSITORY / "docs" / "options" / f"{question}.md").read_text(encoding="utf-8")
    words: dict[str, Answer] = {"yes": True, "no": False}
    return {
        words.get(answer, answer): (int(files), named(packages), named(settings))
        for answer, files, _, packages, settings in re.findall(CELLS, page, re.MULTILINE)
    }


def named(cell: str) -> set[str]:
    """The names in a cell."""
    return set(re.findall(r"`(\S+?)`", cell))


@pytest.mark.parametrize("question", owning())
def test_page_tells_what_each_answer_brings_to_a_baked_service(
    baked: Callable[[Variant], Project], question: str
) -> None:
    needs = {name: value for answer in choices()[question] for name, value in with_needs({question: answer}).items()}
    services = {answer: brought_by(baked(needs | {question: answer})) for answer in choices()[question]}
    common = Brought(*(frozenset.intersection(*each) for each in zip(*services.values(), strict=True)))

    own = {answer: service.without(common) for answer, service in services.items()}

    assert rows(question) == {
        answer: (len(mine.files), set(mine.packages), set(mine.settings)) for answer, mine in own.items()
    }
