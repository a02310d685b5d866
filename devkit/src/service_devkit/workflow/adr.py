"""`devkit adr`: architecture decision records, their links and their index."""

from datetime import UTC, datetime
from pathlib import Path

import click

from service_devkit.project import find_root
from service_devkit.workflow.command import Refused, Result, WorkflowCommand
from service_devkit.workflow.decisions import FOLDER, INDEX, NAME, TEMPLATE, Decision, faults, index_of, read_decisions
from service_devkit.workflow.files import replace_whole, waiting
from service_devkit.workflow.journal import Journal
from service_devkit.workflow.names import slug
from service_devkit.workflow.repository import find_repository


@click.group()
def adr() -> None:
    """Architecture decision records, in docs/architecture/decisions."""


@adr.command(cls=WorkflowCommand)
@click.argument("title")
@click.option("--supersedes", "old", metavar="NUMBER", multiple=True, help="A decision that this one takes the place of; repeat it.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say which file would be made, and make nothing.")
def new(title: str, old: tuple[str, ...], dry_run: bool) -> Result:
    """Begin a record. Its number is that of no branch and no worktree; those that it supersedes link to it, and the index has it."""
    repository = find_repository()
    if not title.strip():
        raise Refused("a decision has a title", then='devkit adr new "Bookings are kept for a year"')
    folder = repository.root / FOLDER
    with waiting(repository.state_folder / "decisions.lock"):
        journal = Journal(repository.private("decisions.json"))
        journal.complete()
        there = read_decisions(folder)
        before = [_of_number(there, each) for each in old]
        number = max((int(each[:4]) for each in repository.names_in(FOLDER.as_posix(), NAME)), default=0) + 1
        name = f"{number:04}-{slug(title)}.md"
        if not dry_run:
            _write(journal, folder, name, title=" ".join(title.split()), number=number, before=before)
    path = (FOLDER / name).as_posix()
    lines = [path, "Next: write it, and when it is agreed on: Status: accepted; then devkit adr index"]
    return Result({"decision": path, "supersedes": [each.file for each in before], "dry_run": dry_run}, lines)


@adr.command(cls=WorkflowCommand)
@click.option("--check", is_flag=True, help="Write nothing; refuse an index that is not what the records say.")
@click.option("--dry-run", is_flag=True, help="Say whether the index would be written, and write nothing.")
def index(check: bool, dry_run: bool) -> Result:
    """Check the records, and write their index. Needs no git.

    Each has a number of its own, a title, a status and a date; an accepted one says something under each heading; what is superseded and what
    supersedes it name each other.
    """
    folder = find_root() / FOLDER
    decisions = read_decisions(folder)
    path = folder / INDEX
    wrong = [*faults(decisions)]
    text = index_of(decisions)
    is_old = not path.exists() or path.read_text(encoding="utf-8") != text
    if wrong:
        raise Refused(f"{len(wrong)} faults in {FOLDER}", then="correct them, then devkit adr index", details=wrong)
    if check and is_old:
        raise Refused(f"{FOLDER / INDEX} is not what the records say", then="devkit adr index")
    if is_old and not dry_run:
        replace_whole(path, text)
    written = f"; {FOLDER / INDEX} {'would be' if dry_run else 'is'} written" if is_old else ""
    return Result(
        {"decisions": [each.file for each in decisions], "changed": is_old, "dry_run": dry_run},
        [f"{len(decisions)} decisions, in order{written}"],
    )


def _of_number(there: list[Decision], number: str) -> Decision:
    found = [each for each in there if number.isdecimal() and each.number == int(number)]
    if len(found) != 1:
        known = ", ".join(str(each.number) for each in there) or "none yet"
        raise Refused(f"there is no decision {number}", then=f"name one of: {known}")
    if found[0].by:
        raise Refused(f"{found[0].file} is superseded already", then=f"supersede {found[0].by}, or choose another")
    return found[0]


def _write(journal: Journal, folder: Path, name: str, *, title: str, number: int, before: list[Decision]) -> None:
    """The record, the links to it, and the index: all of them, or none."""
    today = datetime.now(UTC).date().isoformat()
    links = ", ".join(each.link for each in before)
    supersedes = f"Supersedes: {links}\n" if links else ""
    texts = {folder / name: TEMPLATE.format(number=number, title=title, on=today, supersedes=supersedes)}
    for each in before:
        text = (folder / each.file).read_text(encoding="utf-8")
        status = f"Status: superseded by [{number}. {title}]({name}), {today}"
        texts[folder / each.file] = "\n".join(
            status if line.startswith("Status: ") else line for line in text.split("\n")
        )
    made = Decision(name, number, title, "proposed", today, "", (), (), number)
    after = {each.file: _superseded(each, name, today) for each in before}
    known = [after.get(each.file, each) for each in read_decisions(folder)]
    texts[folder / INDEX] = index_of(sorted([*known, made], key=lambda each: (each.number, each.file)))
    journal.replace(texts)


def _superseded(each: Decision, by: str, on: str) -> Decision:
    return Decision(each.file, each.number, each.title, "superseded", on, by, each.supersedes, each.empty, each.heading)
