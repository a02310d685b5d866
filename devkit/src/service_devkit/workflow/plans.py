"""What a specification says: the head of `plan.md`, and of the files beside it what they add."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from service_devkit.contract.operations import METHODS
from service_devkit.workflow.command import Refused
from service_devkit.workflow.tasks import Plan

_OPERATION: Final = re.compile(r"(GET|POST|PUT|PATCH|DELETE) /\S+")
_NOUN: Final = re.compile(r"[a-z][a-z0-9_]*")
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
PLAN: Final = """---
title: {title}
# The nouns, as their files are called: app/models/<noun>.py. Those of data-model.md are added.
entities: []
# What is promised or changed, by noun: {{bookings: [GET /api/v1/bookings, POST /api/v1/bookings]}}. Those of contract.yaml are added.
operations: {{}}
# What must be decided before anything is built. The open questions of research.md are added.
decisions: []
---

# {title}

## What people can do when it is there

## What it is not

## How we know that it works
"""
FILES: Final[Mapping[str, str]] = {
    "research": """# Research: {title}

What was looked up, with its source. A question without a tick becomes a task that decides it.

## Questions

<!-- - [ ] How long is a booking kept? -->
<!-- - [x] May two bookings overlap? No: an exclusion constraint, https://www.postgresql.org/docs/current/ddl-constraints.html -->
""",
    "data-model": """# Data model: {title}

Each noun is a heading, as its file is called; its rows are the columns of its table.

<!--
## bookings

| column | type | rule |
| --- | --- | --- |
| user_id | uuid | of whom; deleted with them |
| starts_at | timestamp | before ends_at |
-->
""",
    "contract": """# What changes in contracts/openapi.yaml, in its form. An operation belongs to the noun of its first tag.
paths: {{}}
#   /api/v1/bookings:
#     get: {{tags: [bookings], summary: List bookings}}
""",
}
NAMES: Final[Mapping[str, str]] = {
    "research": "research.md",
    "data-model": "data-model.md",
    "contract": "contract.yaml",
}
DESIGN: Final = """# Design: {title}

A question is answered under it, in a sentence or more; "none, because ..." is an answer. Tasks and the finish wait for all of them.

## Who needs it, and what do they do today?

## What will they be able to do? Give an example with a request and its answer.

## What is left out?

## Which operations of the contract come, change or go, and do callers break?

## Which data are stored, for how long, and who may see them?

## Does the version that runs now survive the migration, and how do we go back?

## What can fail or be abused, and what happens then?

## How do we see that it works, once it runs?

## Which other ways were considered, and why not?
"""


@dataclass(frozen=True)
class Head:
    """What one file names."""

    entities: tuple[str, ...] = ()
    operations: tuple[tuple[str, str], ...] = ()  # noun, METHOD /path; empty where only the noun is named
    decisions: tuple[str, ...] = ()


def read_plan(path: Path) -> Plan:
    """The plan of a specification, with what the files beside it add.

    Raises:
        Refused: it is not there, says nothing that a task could be made of, or its design note has a question without an answer.
    """
    if not path.exists():
        raise Refused(f"{path} is not there", then="devkit spec new NAME")
    refuse_unanswered(path.parent)
    title, head = _head(path)
    heads = [head, _of_data_model(path.parent), _of_contract(path.parent), _of_research(path.parent)]
    entities = [*dict.fromkeys(noun for each in heads for noun in each.entities)]
    pairs = [*dict.fromkeys(pair for each in heads for pair in each.operations)]
    wrong = [noun for noun in [*entities, *(noun for noun, _ in pairs)] if not _NOUN.fullmatch(noun)]
    wrong += [operation for _, operation in pairs if operation and not _OPERATION.fullmatch(operation)]
    if wrong:
        raise Refused(
            f"{path} has {', '.join(dict.fromkeys(wrong))}",
            then="write nouns as study_plans, and operations as GET /api/v1/study-plans",
        )
    if not entities and not pairs:
        raise Refused(f"{path} names no entity and no operation", then="fill in its head")
    operations: dict[str, list[str]] = {}
    for noun, operation in pairs:
        operations.setdefault(noun, []).extend([operation] if operation else [])
    return Plan(title, entities, operations, [*dict.fromkeys(one for each in heads for one in each.decisions)])


def refuse_unanswered(folder: Path) -> None:
    """Refuse a design note with a question that nobody has answered."""
    note = folder / "design.md"
    if open_questions := [*unanswered(note)]:
        raise Refused(
            f"{note} has {len(open_questions)} questions without an answer",
            then="answer them there and git commit, then run the command again",
            details=open_questions,
        )


def unanswered(note: Path) -> Iterator[str]:
    """The questions of a design note without an answer; none where there is no note."""
    if not note.exists():
        return
    for section in re.split(r"(?m)^## ", _COMMENT.sub("", note.read_text(encoding="utf-8")))[1:]:
        question, _, answer = section.partition("\n")
        if not answer.strip():
            yield question


def _head(path: Path) -> tuple[str, Head]:
    head = re.match(r"---\n(.*?)\n---\n", path.read_text(encoding="utf-8"), re.DOTALL)
    found = _yaml(path, head[1] if head else "")
    if not isinstance(found, dict):
        raise Refused(
            f"{path} has no head between two lines of ---",
            then="begin it with title, entities, operations and decisions",
        )
    entities: object = found.get("entities") or []
    operations: object = found.get("operations") or {}
    decisions: object = found.get("decisions") or []
    if not isinstance(entities, list) or not isinstance(decisions, list) or not isinstance(operations, dict):
        raise Refused(f"{path}: entities and decisions are lists, operations are lists by noun", then="correct it")
    pairs = tuple((str(noun), str(each)) for noun, listed in operations.items() for each in listed or [])
    pairs += tuple((str(noun), "") for noun, listed in operations.items() if not listed)
    named = Head(tuple(map(str, entities)), pairs, tuple(map(str, decisions)))
    return str(found.get("title") or path.parent.name), named


def _of_data_model(folder: Path) -> Head:
    return Head(entities=tuple(re.findall(r"(?m)^## +(.+?) *$", _text(folder / NAMES["data-model"]))))


def _of_research(folder: Path) -> Head:
    return Head(decisions=tuple(re.findall(r"(?m)^- \[ \] +(.+?) *$", _text(folder / NAMES["research"]))))


def _of_contract(folder: Path) -> Head:
    path = folder / NAMES["contract"]
    found = _yaml(path, _text(path))
    paths = found.get("paths") if isinstance(found, dict) else found
    if paths is not None and not isinstance(paths, dict):
        raise Refused(f"{path}: paths are operations by path and method", then="write it as contracts/openapi.yaml is")
    pairs = [
        (_noun(str(address), operation), f"{method.upper()} {address}")
        for address, item in (paths or {}).items()
        for method, operation in (item if isinstance(item, dict) else {}).items()
        if method in METHODS
    ]
    return Head(operations=tuple(pairs))


def _noun(address: str, operation: object) -> str:
    """Its first tag, or else the last word of its path."""
    tags = operation.get("tags") if isinstance(operation, dict) else None
    words = [each for each in address.split("/") if each and not each.startswith("{")]
    named = str(tags[0]) if isinstance(tags, list) and tags else words[-1] if words else ""
    return re.sub(r"[ -]", "_", named.lower())


def _yaml(path: Path, text: str) -> object:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        what = "the head of " if path.suffix == ".md" else ""
        raise Refused(f"{what}{path} is no YAML: {' '.join(str(error).split())}", then="correct it") from None


def _text(path: Path) -> str:
    return _COMMENT.sub("", path.read_text(encoding="utf-8")) if path.exists() else ""
