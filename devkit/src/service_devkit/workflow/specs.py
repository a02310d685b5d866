"""`devkit spec new` and `devkit tasks`: from a plan to tasks that code has checked."""

import re
from pathlib import Path
from typing import Final

import click
import yaml

from service_devkit.workflow.command import Refused, Result, WorkflowCommand
from service_devkit.workflow.files import replace_whole, waiting
from service_devkit.workflow.git import Git
from service_devkit.workflow.journal import changing
from service_devkit.workflow.names import MAX_NAME, slug
from service_devkit.workflow.repository import Repository, find_repository
from service_devkit.workflow.tasks import Plan, faults, generate, parse, written

FOLDER: Final = "specs"
_NUMBERED: Final = re.compile(r"(\d{3})-([a-z][a-z0-9-]*)")
_OPERATION: Final = re.compile(r"(GET|POST|PUT|PATCH|DELETE) /\S+")
_PLAN: Final = """---
title: {title}
# The nouns, as their files are called: app/models/<noun>.py
entities: []
# What is promised or changed, by noun: {{bookings: [GET /api/v1/bookings, POST /api/v1/bookings]}}
operations: {{}}
# What must be decided before anything is built
decisions: []
---

# {title}

## What people can do when it is there

## What it is not

## How we know that it works
"""


@click.group()
def spec() -> None:
    """Specifications of changes, in specs/NNN-name."""


@spec.command(cls=WorkflowCommand)
@click.argument("name")
@click.argument("title", default="")
@click.option("--dry-run", is_flag=True, help="Say which folder would be made, and make nothing.")
def new(name: str, title: str, dry_run: bool) -> Result:
    """Make specs/NNN-NAME with a plan.md to fill in. The number is that of no branch, worktree or remote branch that is known here."""
    repository = find_repository()
    if slug(name) != name or len(name) > MAX_NAME:
        raise Refused(f"{name!r} is no name: lower-case letters, digits and single dashes", then=f"try {slug(name)}")
    with waiting(repository.state_folder / "specs.lock"):
        known = known_specs(repository)
        if there := [each for each in known if each[4:] == name]:
            raise Refused(f"{there[0]} is there", then="choose another name, or edit its plan.md")
        number = max((int(each[:3]) for each in known), default=0) + 1
        folder = repository.root / FOLDER / f"{number:03}-{name}"
        if not dry_run:
            replace_whole(folder / "plan.md", _PLAN.format(title=title or name.replace("-", " ").capitalize()))
    relative = folder.relative_to(repository.root).as_posix()
    return Result(
        {"spec": relative, "dry_run": dry_run},
        [f"{relative}/plan.md", "Next: fill in its head, git commit, then devkit tasks"],
    )


def known_specs(repository: Repository) -> list[str]:
    """The folders of specifications of every branch and worktree."""
    return repository.names_in(FOLDER, _NUMBERED)


@click.command(cls=WorkflowCommand)
@click.argument("name", required=False)
@click.option("--check", is_flag=True, help="Write nothing; refuse tasks that are not in order.")
@click.option("--dry-run", is_flag=True, help="Print the tasks, and write nothing.")
def tasks(name: str | None, check: bool, dry_run: bool) -> Result:
    """Write specs/NNN-NAME/tasks.md from its plan.md, or check it: the only specification of this branch when NAME is absent.

    Written again, it keeps what is done. Checked by code: ids in order, a path each, a test before each operation, a model for each entity, no two
    parallel tasks on one file, no cycle.
    """
    repository = find_repository()
    folder = spec_folder(repository, name)
    plan = read_plan(folder / "plan.md")
    path = folder / "tasks.md"
    with changing(repository):
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        if check and not before:
            raise Refused(f"{path} is not there", then="devkit tasks")
        found = parse(before) if check else generate(plan, parse(before))
        if wrong := faults(found, plan):
            raise Refused(
                f"{path.relative_to(repository.root)} has {len(wrong)} faults",
                then="correct it, or devkit tasks to write it again",
                details=wrong,
            )
        text = written(found, plan)
        if not check and not dry_run:
            replace_whole(path, text)
    facts = {"tasks": [each.facts() for each in found], "path": str(path), "dry_run": dry_run}
    return Result(
        facts,
        [text]
        if dry_run
        else [f"{path.relative_to(repository.root)}: {len(found)} tasks, {sum(each.done for each in found)} done"],
    )


def read_plan(path: Path) -> Plan:
    """The head of a plan.

    Raises:
        Refused: it is not there, or says nothing that a task could be made of.
    """
    if not path.exists():
        raise Refused(f"{path} is not there", then="devkit spec new NAME")
    head = re.match(r"---\n(.*?)\n---\n", path.read_text(encoding="utf-8"), re.DOTALL)
    try:
        found = yaml.safe_load(head[1]) if head else None
    except yaml.YAMLError as error:
        raise Refused(f"the head of {path} is no YAML: {' '.join(str(error).split())}", then="correct it") from None
    if not isinstance(found, dict):
        raise Refused(
            f"{path} has no head between two lines of ---",
            then="begin it with title, entities, operations and decisions",
        )
    entities, operations, decisions = (
        found.get("entities") or [],
        found.get("operations") or {},
        found.get("decisions") or [],
    )
    if not isinstance(entities, list) or not isinstance(decisions, list) or not isinstance(operations, dict):
        raise Refused(f"{path}: entities and decisions are lists, operations are lists by noun", then="correct it")
    by_noun = {str(noun): [str(each) for each in listed or []] for noun, listed in operations.items()}
    nouns = [*map(str, entities), *by_noun]
    wrong = [each for each in nouns if not re.fullmatch(r"[a-z][a-z0-9_]*", each)]
    wrong += [each for listed in by_noun.values() for each in listed if not _OPERATION.fullmatch(each)]
    if wrong:
        raise Refused(
            f"{path} has {', '.join(wrong)}",
            then="write nouns as study_plans, and operations as GET /api/v1/study-plans",
        )
    if not nouns:
        raise Refused(f"{path} names no entity and no operation", then="fill in its head")
    return Plan(str(found.get("title") or path.parent.name), [*map(str, entities)], by_noun, [*map(str, decisions)])


def spec_folder(repository: Repository, name: str | None) -> Path:
    """The specification of a name or number, or the only one that is not on main.

    Raises:
        Refused: there is none, or there are several.
    """
    there = sorted(path for path in (repository.root / FOLDER).glob("*/") if _NUMBERED.fullmatch(path.name))
    if name is None:
        there = [path for path in there if not _is_on_main(repository, path)] or there
    else:
        there = [path for path in there if name in {path.name, path.name[4:], path.name[:3]}]
    if len(there) == 1:
        return there[0]
    if not there:
        raise Refused(f"no specification {name or ''} is in {FOLDER}".replace("  ", " "), then="devkit spec new NAME")
    raise Refused("there are several specifications", then=f"name one of: {', '.join(path.name for path in there)}")


def _is_on_main(repository: Repository, path: Path) -> bool:
    place = (repository.service / FOLDER / path.name / "plan.md").as_posix()
    return Git(repository.top).text_at(repository.settings.main, place) is not None
