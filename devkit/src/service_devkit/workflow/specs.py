"""`devkit spec new` and `devkit tasks`: from a plan to tasks that code has checked."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from service_devkit.workflow.command import Refused, Result, WorkflowCommand
from service_devkit.workflow.files import replace_whole, waiting
from service_devkit.workflow.git import Git
from service_devkit.workflow.journal import changing
from service_devkit.workflow.names import MAX_NAME, slug
from service_devkit.workflow.plans import DESIGN, FILES, NAMES, PLAN, read_plan
from service_devkit.workflow.repository import Repository, find_repository
from service_devkit.workflow.tasks import done_before_open, faults, generate, parse, written

FOLDER: Final = "specs"
_NUMBERED: Final = re.compile(r"(\d{3})-([a-z][a-z0-9-]*)")


@click.group()
def spec() -> None:
    """Specifications of changes, in specs/NNN-name."""


@spec.command(cls=WorkflowCommand)
@click.argument("name")
@click.argument("title", default="")
@click.option(
    "--with",
    "files",
    type=click.Choice([*FILES]),
    multiple=True,
    help="Also research.md, data-model.md or contract.yaml; repeat it. Added where the specification is here already.",
)
@click.option("--design", is_flag=True, help="Also design.md: questions that tasks and finish wait for.")
@click.option("--dry-run", is_flag=True, help="Say which folder would be made, and make nothing.")
def new(name: str, title: str, files: tuple[str, ...], design: bool, dry_run: bool) -> Result:
    """Make specs/NNN-NAME with a plan.md to fill in. The number is that of no branch, worktree or remote branch that is known here."""
    repository = find_repository()
    folder, made = write_spec(repository, name, title, files=files, design=design, dry_run=dry_run)
    relative = folder.relative_to(repository.root).as_posix()
    then = "answer its questions" if design else "fill in its head"
    return Result(
        {"spec": relative, "files": made, "dry_run": dry_run},
        [*(f"{relative}/{each}" for each in made), f"Next: {then}, git commit, then devkit tasks"],
    )


def write_spec(
    repository: Repository, name: str, title: str, *, files: Sequence[str], design: bool, dry_run: bool
) -> tuple[Path, list[str]]:
    """Make a specification, or add files to one that is in this worktree; the folder, and the names of what was made.

    Raises:
        Refused: the name is none, or taken and there is nothing to add.
    """
    if slug(name) != name or len(name) > MAX_NAME:
        raise Refused(f"{name!r} is no name: lower-case letters, digits and single dashes", then=f"try {slug(name)}")
    with waiting(repository.state_folder / "specs.lock"):
        known = known_specs(repository)
        there = [each for each in known if each[4:] == name]
        here = [each for each in there if (repository.root / FOLDER / each).is_dir()]
        if there and not (here and (files or design)):
            raise Refused(
                f"{there[0]} is there", then="choose another name, edit its plan.md, or add to it: --with, --design"
            )
        number = max((int(each[:3]) for each in known), default=0) + 1
        folder = repository.root / FOLDER / (here[0] if here else f"{number:03}-{name}")
        texts = {
            "plan.md": PLAN,
            **{NAMES[each]: FILES[each] for each in files},
            **({"design.md": DESIGN} if design else {}),
        }
        missing = [each for each in texts if not (folder / each).exists()]
        for each in [] if dry_run else missing:
            replace_whole(folder / each, texts[each].format(title=title or name.replace("-", " ").capitalize()))
    return folder, missing


def known_specs(repository: Repository) -> list[str]:
    """The folders of specifications of every branch and worktree."""
    return repository.names_in(FOLDER, _NUMBERED)


@click.command(cls=WorkflowCommand)
@click.argument("name", required=False)
@click.option("--check", is_flag=True, help="Write nothing; refuse tasks that are not in order.")
@click.option("--dry-run", is_flag=True, help="Print the tasks, and write nothing.")
def tasks(name: str | None, check: bool, dry_run: bool) -> Result:
    """Write specs/NNN-NAME/tasks.md from its plan.md, or check it: the only specification of this branch when NAME is absent.

    Written again, it keeps what is done; only the last task, all gates green, is open again where others are. Checked by code: ids in order, a path
    each, a test before each model, rule and route, a model for each entity, no two parallel tasks on one file, no cycle.
    """
    repository = find_repository()
    folder = spec_folder(repository, name)
    plan = read_plan(folder / "plan.md")
    path = folder / "tasks.md"
    with changing(repository):
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        if check and not before:
            raise Refused(f"{path} is not there", then="devkit tasks")
        were = parse(before)
        found = were if check else generate(plan, were)
        if wrong := faults(found, plan):
            raise Refused(
                f"{path.relative_to(repository.root)} has {len(wrong)} faults",
                then="correct it, or devkit tasks to write it again",
                details=wrong,
            )
        text = written(found, plan)
        if not check and not dry_run:
            replace_whole(path, text)
    texts = {each.text for each in were if each.done}
    again = [each.id for each in found if each.text in texts and not each.done]
    early = [each.id for each in done_before_open(found)]
    facts = {
        "tasks": [each.facts() for each in found],
        "path": str(path),
        "reopened": again,
        "done_before_open": early,
        "dry_run": dry_run,
    }
    lines = [f"{path.relative_to(repository.root)}: {len(found)} tasks, {sum(each.done for each in found)} done"]
    lines += [f"open again, as there are tasks before it that are not done: {', '.join(again)}"] if again else []
    lines += [f"done, but with an open task before it, so look at it again: {', '.join(early)}"] if early else []
    return Result(facts, [text, *lines[1:]] if dry_run else lines)


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
