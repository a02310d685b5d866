"""Does what a page of a service says: writes the files that it shows and runs its commands, from the top down."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

# A block in fences. Where a line with nothing but a path stands before it, that is its file.
BLOCK = re.compile(
    r"^## (?P<heading>[^\n]+)$|(?:^`(?P<file>[^`\n]+)`\n\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Block:
    """What a page shows: a file, a change of one, or commands, which have no file."""

    heading: str
    language: str
    file: str
    text: str


def blocks(page: str) -> Iterator[Block]:
    """The blocks of a page in order."""
    heading = ""
    for found in BLOCK.finditer(page):
        heading = found["heading"] or heading
        if found["language"]:
            yield Block(heading, found["language"], found["file"] or "", found["text"])


def follow(page: str, root: Path, run: Callable[[Block], None]) -> None:
    """Do what the page says; `run` gets the blocks of commands.

    Raises:
        ValueError: a change has lines that the file has not, or has more than once.
    """
    for block in blocks(page):
        if block.file:
            write(block, root)
        else:
            run(block)


def write(block: Block, root: Path) -> None:
    """Write a file. What is shown for a file that is there goes to its end; a change goes where its lines stand."""
    path = file_of(block, root)
    there = path.read_text(encoding="utf-8") if path.exists() else ""
    gap = "\n\n" if there and block.language == "python" else ""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(changed(there, block) if block.language == "diff" else there + gap + block.text, encoding="utf-8")


def file_of(block: Block, root: Path) -> Path:
    """The file of a block; a name with `*` is that of a revision, which begins with the day and a number."""
    if "*" not in block.file:
        return root / block.file
    (path,) = root.glob(block.file)
    return path


def changed(text: str, block: Block) -> str:
    """A text after a change: `+` and `-` as in any diff, each part of it, up to `@@`, in one place."""
    for part in re.split(r"^@@\n", block.text, flags=re.MULTILINE):
        lines = part.splitlines(keepends=True)
        old = "".join(line[1:] or line for line in lines if line[0] != "+")
        new = "".join(line[1:] or line for line in lines if line[0] != "-")
        if f"\n{text}".count(f"\n{old}") != 1:
            raise ValueError(f"{block.heading}: {block.file} has these lines not once:\n{old}")
        text = f"\n{text}".replace(f"\n{old}", f"\n{new}")[1:]
    return text
