"""Architecture decision records: read, listed in their index, and checked."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path("docs/architecture/decisions")
INDEX: Final = "README.md"
STATES: Final = ("proposed", "accepted", "rejected", "superseded")
NAME: Final = re.compile(r"(?P<number>\d{4})-(?P<slug>[a-z0-9]+(?:-[a-z0-9]+)*)\.md")
_HEADING: Final = re.compile(r"# (?P<number>\d+)\. (?P<title>\S.*)")
_STATUS: Final = re.compile(r"Status: (?P<state>\w+)(?: by \[[^]]*\]\((?P<by>[^)]+)\))?, (?P<on>\d{4}-\d\d-\d\d)")
_SUPERSEDES: Final = re.compile(r"(?m)^Supersedes: (.+)$")
_LINK: Final = re.compile(r"\[[^]]*\]\(([^)]+)\)")
_SECTION: Final = re.compile(r"(?m)^## ")
TEMPLATE: Final = """# {number}. {title}

Status: proposed, {on}
{supersedes}
## Problem

## Decision

## Consequences
"""


@dataclass(frozen=True)
class Decision:
    """One record. What could not be read is empty."""

    file: str
    number: int
    title: str
    state: str
    on: str
    by: str  # the file that supersedes it
    supersedes: tuple[str, ...]
    empty: tuple[str, ...]  # the sections without a text
    heading: int  # the number of its heading, 0 without one

    @property
    def link(self) -> str:
        """To it, from another one."""
        return f"[{self.number}. {self.title}]({self.file})"


def read_decisions(folder: Path) -> list[Decision]:
    """Every record of a folder, by number."""
    return sorted(map(_read, folder.glob("[0-9]*.md")), key=lambda each: (each.number, each.file))


def _read(path: Path) -> Decision:
    text = path.read_text(encoding="utf-8")
    name, lines = NAME.fullmatch(path.name), text.splitlines() or [""]
    heading = _HEADING.fullmatch(lines[0])
    status = next((found for line in lines if (found := _STATUS.fullmatch(line.strip()))), None)
    head, *sections = _SECTION.split(text)
    supersedes = _SUPERSEDES.search(head)
    return Decision(
        file=path.name,
        number=int(name["number"]) if name else 0,
        title=heading["title"] if heading else "",
        state=status["state"] if status else "",
        on=status["on"] if status else "",
        by=(status["by"] or "") if status else "",
        supersedes=tuple(_LINK.findall(supersedes[1])) if supersedes else (),
        empty=tuple(each.splitlines()[0] for each in sections if not "".join(each.splitlines()[1:]).strip()),
        heading=int(heading["number"]) if heading else 0,
    )


def index_of(decisions: Sequence[Decision]) -> str:
    """The index as Markdown."""
    by_file = {each.file: each for each in decisions}
    lines = [
        "# Decisions",
        "",
        'Written by `devkit adr`; a new one: `just adr "Bookings are kept for a year"`. What holds is accepted; what is superseded stays, as the reason of what came after.',
        "",
        "| decision | status | since |",
        "| --- | --- | --- |",
    ]
    for each in decisions:
        after = by_file.get(each.by)
        status = f"superseded by {after.link}" if after else each.state
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in (each.link, status, each.on)) + " |")
    return "\n".join(lines) + "\n"


def faults(decisions: Sequence[Decision]) -> Iterator[str]:
    """What is wrong with records, one line each."""
    for each in decisions:
        yield from _faults_of_form(each)
    numbers: dict[int, list[str]] = {}
    for each in decisions:
        numbers.setdefault(each.number, []).append(each.file)
    yield from (
        f"{' and '.join(files)} have one number: rename the one that is not on the main branch"
        for number, files in numbers.items()
        if number and len(files) > 1
    )
    yield from _faults_of_links(decisions)


def _faults_of_form(each: Decision) -> Iterator[str]:
    if not each.number:
        yield f"{each.file} is called other than 0001-what-was-decided.md"
    if not each.title or (each.number and each.heading != each.number):
        yield f"{each.file} does not begin with # {each.number}. and a title"
    if each.state not in STATES:
        yield f"{each.file} has no line Status: {'|'.join(STATES)}, and a date as 2026-03-14"
    if each.state == "accepted" and each.empty:
        yield f"{each.file} is accepted and says nothing under {', '.join(each.empty)}"
    if (each.state == "superseded") != bool(each.by):
        yield f"{each.file} is {each.state or 'nothing'}, and {'names' if each.by else 'does not name'} what supersedes it"


def _faults_of_links(decisions: Sequence[Decision]) -> Iterator[str]:
    by_file = {each.file: each for each in decisions}
    for each in decisions:
        if each.by and (each.by not in by_file or each.file not in by_file[each.by].supersedes):
            yield f"{each.file} is superseded by {each.by}, which " + (
                f"has no line Supersedes: [...]({each.file})" if each.by in by_file else "is not there"
            )
        for old in each.supersedes:
            if old not in by_file or by_file[old].by != each.file:
                yield f"{each.file} supersedes {old}, which " + (
                    f"has no line Status: superseded by [...]({each.file})" if old in by_file else "is not there"
                )
