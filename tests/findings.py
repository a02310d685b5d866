"""What can be wrong with a service just after its bake, one line for each finding.

Variants share most of their files, so what is read in a file is remembered by its content.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.project import Project
from tests.variants import REPOSITORY, Variant, is_chosen
from tests.words import WORDS
from tools.derived import tree_files

OWNED_FILES: dict[str, list[str]] = json.loads((REPOSITORY / "tests" / "owned_files.json").read_text(encoding="utf-8"))

ANY_WORD = re.compile("|".join(word for words in WORDS.values() for word in words), re.IGNORECASE)


@cache
def parse_toml(content: bytes) -> dict[str, Any]:
    """A file of TOML."""
    return tomllib.loads(content.decode())


PARSERS: dict[str, Callable[[bytes], object]] = {
    ".json": json.loads,
    ".lock": parse_toml,
    ".toml": parse_toml,
    ".yaml": lambda content: list(yaml.load_all(content, yaml.CSafeLoader)),
    ".yml": lambda content: list(yaml.load_all(content, yaml.CSafeLoader)),
}


def findings(project: Project, variant: Variant, commands: Path) -> list[str]:
    """All that is wrong with a service."""
    contents, expected = project.contents(), expected_files(variant)
    return [
        *(f"stray file: {name}" for name in sorted(contents.keys() - expected)),
        *(f"missing file: {name}" for name in sorted(expected - contents.keys())),
        *(f"empty: {name}" for name in empty(project.root)),
        *(f"{name}: {what}" for name, content in contents.items() for what in wrong_text(name, content)),
        *(f"word: {line}" for line in words_of_others(contents, variant)),
        *tool_findings(project, commands),
    ]


def expected_files(variant: Variant) -> set[str]:
    """The tree, less what has owners of which none is chosen."""
    chosen = {owner for owner in OWNED_FILES if is_chosen(owner, variant)}
    return {name for name, owners in owners_of_files().items() if not owners or not chosen.isdisjoint(owners)}


@cache
def owners_of_files() -> dict[str, list[str]]:
    """Every file of the tree, with the owners that were reviewed."""
    return {name: [owner for owner, files in OWNED_FILES.items() if name in files] for name in tree_files()}


def empty(root: Path) -> Iterator[str]:
    """Folders without a file, files without content, and packages that hold nothing."""
    for path in root.rglob("*"):
        children = list(path.iterdir()) if path.is_dir() else []
        lone = [child.name for child in children] == ["__init__.py"] and not children[0].stat().st_size
        hollow = not children if path.is_dir() else path.name != "__init__.py" and not path.stat().st_size
        if lone or hollow:
            yield path.relative_to(root).as_posix()


@cache
def wrong_text(name: str, content: bytes) -> list[str]:
    """What is wrong inside one file: left-over template code, line ends, syntax of data. Ruff reads the Python files."""
    if b"\0" in content:
        return []
    found = [f"left over: {part.decode()}" for part in re.findall(rb"# \{%.*|(?<!\$)\{\{ .*|cookiecutter.*", content)]
    if b"\r" in content or (content and not content.endswith(b"\n")):
        found.append("line ends")
    if parse := PARSERS.get(Path(name).suffix):
        try:
            parse(content)
        except (ValueError, yaml.YAMLError) as error:
            found.append(f"does not parse: {error}")
    return found


def words_of_others(contents: dict[str, bytes], variant: Variant) -> Iterator[str]:
    """Words of answers that were not chosen, in file names and in files."""
    unwanted = {owner for owner in WORDS if not is_chosen(owner, variant)}
    for name, content in contents.items():
        # One lock for all, which uv completes; and one wheel, whose texts tests/test_wheel.py reads.
        lines = [] if name == "uv.lock" or b"\0" in content else [*lines_with_words(content)]
        for number, line in enumerate([name, *lines]):
            if owners := unwanted & owners_of_words(line):
                yield f"{name}:{number}: {line.strip()} ({', '.join(sorted(owners))})"


@cache
def lines_with_words(content: bytes) -> list[str]:
    """The lines in which somebody's word stands."""
    return [line for line in content.decode("utf-8", "replace").splitlines() if owners_of_words(line)]


@cache
def owners_of_words(line: str) -> frozenset[str]:
    """Whose words stand in a line."""
    if not ANY_WORD.search(line):
        return frozenset()
    return frozenset(
        owner for owner, words in WORDS.items() if any(re.search(word, line, re.IGNORECASE) for word in words)
    )


def tool_findings(project: Project, commands: Path) -> Iterator[str]:
    """What ruff says: syntax, lint, format; nothing is fixed up first."""
    for arguments in (("check", "--no-fix", "--output-format=concise"), ("format", "--check")):
        done = project.run(commands / "ruff", *arguments, "--no-cache", ".")
        if done.returncode:
            yield f"ruff {arguments[0]}: {done.stdout}"
