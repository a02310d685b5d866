"""The sets of answers that the tests bake, derived from `cookiecutter.json` so that a new answer is tested at once."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Mapping
from functools import cache, partial
from itertools import combinations, product, zip_longest
from pathlib import Path
from typing import cast

import yaml

Answer = str | bool
Variant = dict[str, Answer]

REPOSITORY = Path(__file__).parents[1]
TREE = REPOSITORY / "{{cookiecutter.project_slug}}"
QUESTIONS: dict[str, object] = json.loads((REPOSITORY / "cookiecutter.json").read_text(encoding="utf-8"))
OWNED_PATHS = cast("dict[str, list[str]]", QUESTIONS["_owned_paths"])
NEEDS = cast("dict[str, str]", QUESTIONS["_needs"])
PROMPTS = cast("dict[str, str | dict[str, str]]", QUESTIONS["__prompts__"])
NOTHING = "none"
SAMPLE = 8
CODE = ("alembic", "app", "contracts", "dev", "tests")


def visible_questions() -> list[str]:
    """The questions that a person is asked."""
    return [name for name in QUESTIONS if not name.startswith("_")]


def choices(questions: Mapping[str, object] = QUESTIONS) -> dict[str, list[Answer]]:
    """Every question with a fixed set of answers, the default first."""
    found: dict[str, list[Answer]] = {}
    for name, default in questions.items():
        if name.startswith("_"):
            continue
        if isinstance(default, bool):
            found[name] = [default, not default]
        elif isinstance(default, list):
            found[name] = list(default)
    return found


def owning() -> list[str]:
    """The questions whose answers own files."""
    return [name for name in choices() if any(owner.startswith(f"{name}=") for owner in OWNED_PATHS)]


def shaping() -> list[str]:
    """The questions whose answers change more than a value: they own files, or a comment-tag asks for them."""
    tags = [tag for path in TREE.rglob("*") if path.is_file() for tag in conditions(path)]
    return [name for name in choices() if name in owning() or any(f"cookiecutter.{name}" in tag for tag in tags)]


def coding() -> list[str]:
    """The shaping questions whose answers change what runs: code, migrations, contract, tests."""
    tags = [tag for folder in CODE for path in (TREE / folder).rglob("*") if path.is_file() for tag in conditions(path)]
    owned = [owner for owner, paths in OWNED_PATHS.items() if any(path.startswith((*CODE, "**")) for path in paths)]
    return [
        name
        for name in shaping()
        if any(f"cookiecutter.{name}" in tag for tag in tags) or any(owner.startswith(f"{name}=") for owner in owned)
    ]


def conditions(path: Path) -> list[str]:
    """The conditions that stand as comment-tags in a file of the tree."""
    try:
        return re.findall(r"^\s*# \{% if (.*) %\}$", path.read_text(encoding="utf-8"), re.MULTILINE)
    except UnicodeDecodeError:
        return []


def cross_product(names: list[str]) -> list[Variant]:
    """Every combination of the answers to these questions."""
    answers = choices()
    return [dict(zip(names, values, strict=True)) for values in product(*(answers[name] for name in names))]


def makes_sense(variant: Variant) -> bool:
    """Whether each answer has what it needs, the defaults included; the others are refused before a file is written."""
    return all(not is_chosen(answer, variant) or has_needs(answer, variant) for answer in NEEDS)


def has_needs(answer: str, variant: Variant) -> bool:
    """Whether a variant has what an answer needs."""
    return all(is_chosen(needed, variant) for needed in NEEDS.get(answer, "").split(" and ") if needed)


def contradicts_itself(variant: Variant) -> bool:
    """Whether an answer lacks what it needs, as far as the variant answers that."""
    known = {need for needs in NEEDS.values() for need in needs.split(" and ") if need.partition("=")[0] in variant}
    wanted = {need for answer in NEEDS if is_chosen(answer, variant) for need in NEEDS[answer].split(" and ")}
    return any(not is_chosen(need, variant) for need in known & wanted)


def with_needs(variant: Variant) -> Variant:
    """The variant with what its answers need."""
    needs = (need for answer in NEEDS if is_chosen(answer, variant) for need in NEEDS[answer].split(" and "))
    return variant | {name: answer for need in needs for name, answer in answers_of(need)[0].items()}


def possible(names: list[str]) -> list[Variant]:
    """Every combination of the answers to these questions that makes sense."""
    return [variant for variant in cross_product(names) if makes_sense(variant)]


def sensible(variant: Variant) -> Variant:
    """The variant without the answers that lack what they need."""
    lacking = [answer.partition("=")[0] for answer in NEEDS if not has_needs(answer, variant)]
    return variant | {name: False for name in lacking if name in variant}


def pairs_of(variant: Variant) -> set[tuple[tuple[str, Answer], tuple[str, Answer]]]:
    """The pairs of answers that a variant covers."""
    return set(combinations(sorted(variant.items()), 2))


def pairwise(names: list[str], *given: Variant) -> list[Variant]:
    """A small set of variants in which every pair of answers meets that meets in none of the given ones."""
    candidates = possible(names)
    missing = set().union(*map(pairs_of, candidates)).difference(*map(pairs_of, given))
    picked: list[Variant] = []
    while missing:
        best = max(candidates, key=lambda variant: len(pairs_of(variant) & missing))
        picked.append(best)
        missing -= pairs_of(best)
    return picked


def all_off() -> Variant:
    """The smallest service: no option, nobody signs in."""
    return {
        name: False if False in answers else NOTHING if NOTHING in answers else answers[0] for name, answers in picked()
    }


def all_on() -> Variant:
    """The largest service: of answers that exclude each other, the one that owns the most."""
    return sensible({name: max(answers, key=partial(owned_by, name)) for name, answers in picked()})


def owned_by(name: str, answer: Answer) -> int:
    """How many owners of files an answer is one of."""
    return sum(owns(owner, name, answer) for owner in OWNED_PATHS)


def picked() -> list[tuple[str, list[Answer]]]:
    """The questions that own files, with their answers."""
    return [(name, answers) for name, answers in choices().items() if name in owning()]


def presets() -> dict[str, Variant]:
    """The answers of each preset; what it leaves open has its default."""
    defaults = {name: answers[0] for name, answers in choices().items()}
    files = sorted((REPOSITORY / "presets").glob("*.yaml"))
    return {file.stem: defaults | yaml.safe_load(file.read_text(encoding="utf-8"))["default_context"] for file in files}


def sample(*, every: bool = False, seed: str | int | None = None) -> list[Variant]:
    """Some variants drawn at random, other ones in each run unless `TEMPLATE_SEED` repeats one; or every one that differs in more than a value."""
    if every:
        return possible(shaping())
    draw = random.Random(f"{os.environ['TEMPLATE_SEED'] if seed is None else seed}")  # noqa: S311 - a sample, no secret
    drawn = [sensible({name: draw.choice(answers) for name, answers in choices().items()}) for _ in range(SAMPLE)]
    return [variant for number, variant in enumerate(drawn) if variant not in drawn[:number]]


def covering() -> list[Variant]:
    """The default, the presets, and variants in which every pair of answers that change the code meets; each once, with these answers alone."""
    defaults = {name: answers[0] for name, answers in choices().items()}
    names = coding()
    known = [{name: variant[name] for name in names} for variant in (defaults, *presets().values())]
    wanted = [*known, *pairwise(names, *known)]
    return [variant for number, variant in enumerate(wanted) if variant not in wanted[:number]]


def living(*, every: bool = False) -> list[Variant]:
    """The variants that live a whole life: the default, and a largest one with what the default and the largest lack.

    With `every` the smallest and the largest too, and largest ones until each answer has lived.
    """
    first = [all_off(), {name: answers[0] for name, answers in picked()}, all_on()]
    answered = {answer for variant in first for answer in variant.items()}
    owned = {owner for owner in OWNED_PATHS for variant in first if is_chosen(owner, variant)}
    left = {
        name: [
            answer
            for answer in answers
            if (name, answer) not in answered
            and (every or any(owns(owner, name, answer) for owner in OWNED_PATHS.keys() - owned))
        ]
        for name, answers in picked()
    }
    rows = zip_longest(*left.values())
    more = [
        sensible(all_on() | {name: answer for name, answer in zip(left, row, strict=True) if answer is not None})
        for row in rows
    ]
    lacked = [answers_of(answer)[0] for answer in NEEDS if not any(is_chosen(answer, each) for each in first + more)]
    largest = [*more, *(with_needs(all_on() | answer) for answer in lacked)]
    return [*first, *largest] if every else [first[1], *largest]


def arguments(variant: Variant) -> list[str]:
    """A variant as the command line takes it: `auth=none`."""
    return [f"{name}={str(value).lower() if isinstance(value, bool) else value}" for name, value in variant.items()]


def title(variant: Variant) -> str:
    """A variant as part of a test's name, which `pytest -k` can ask for: `auth-none_example-false`."""
    return "_".join(arguments(variant)).replace("=", "-")


@cache
def answers_of(owner: str) -> list[Variant]:
    """The answers that each own the same files: `auth=telegram, telegram+clerk` are two, `llm=true and example=true` is one with two questions."""
    owner, _, further = owner.partition(" and ")
    if further:
        return [one | other for one in answers_of(owner) for other in answers_of(further)]
    name, _, values = owner.partition("=")
    known = {str(answer).lower() if isinstance(answer, bool) else str(answer): answer for answer in choices()[name]}
    return [{name: known[value]} for value in values.split(", ")]


def owns(owner: str, name: str, answer: Answer) -> bool:
    """Whether this answer to a question is one of an owner's."""
    return owner.startswith(f"{name}=") and any(one[name] == answer for one in answers_of(owner))


def is_chosen(owner: str, variant: Variant) -> bool:
    """Whether the variant, defaults included, gives one of the owner's answers."""
    return any(
        all(variant.get(name, default_of(name)) == answer for name, answer in one.items()) for one in answers_of(owner)
    )


@cache
def default_of(name: str) -> Answer:
    """The answer to a question that is left open."""
    return choices()[name][0]
