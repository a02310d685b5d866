"""Refuse answers that cannot become a working service, one line for each, before any file is written."""

from __future__ import annotations

import contextlib
import json
import keyword
import os
import re
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import takewhile
from pathlib import Path

Answers = Mapping[str, object]

SLUG = re.compile(r"[a-z](-?[a-z0-9])*")
BRANCH = re.compile(r"(?!HEAD$)\w[\w-]*([./]\w[\w-]*)*(?<!\.lock)", re.ASCII)
FREE_TEXT = {"project_name": 80, "description": 200, "author_name": 80}
JOINERS = "\u00a0\u200d\u202f"  # no-break spaces and the joiner inside an emoji: not printable to Python, yet wanted
TEMPLATE_MARKS = re.compile(r"\{\{|\}\}|# \{[%#]")  # cookiecutter would run them when the service is updated
OUR_NAMES = frozenset({"alembic", "app", "dev", "docs", "postgres", "template0", "template1", "test", "tests"})


def taken_by(slug: str, dependencies: frozenset[str]) -> str | None:
    """What already has this name, or None."""
    if keyword.iskeyword(slug):
        return "a Python keyword"
    if slug.replace("-", "_") in sys.stdlib_module_names:
        return "a module of Python's standard library"
    if slug in dependencies:
        return "a package that the service depends on"
    return "a name that the service uses itself" if slug in OUR_NAMES else None


def suggest_slug(slug: str, dependencies: frozenset[str]) -> str:
    """The nearest slug that is accepted."""
    ascii_only = unicodedata.normalize("NFKD", slug).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9]+", "-", ascii_only).lstrip("-0123456789")[:40].strip("-")
    return f"{plain[:32].strip('-')}-service" if taken_by(plain, dependencies) else plain or "my-service"


def check_slug(slug: str, dependencies: frozenset[str]) -> Iterator[str]:
    """Yield why a slug is refused: it names the project, its database and its host."""
    taken = taken_by(slug, dependencies)
    if taken or len(slug) > 40 or not SLUG.fullmatch(slug):
        reason = f"is {taken}; use" if taken else "must be"
        form = "lower-case letters, digits and single dashes, a letter first, at most 40 characters"
        yield f"project_slug {shown(slug)} {reason} {form}. Try: {suggest_slug(slug, dependencies)}"


def check_free_text(name: str, text: str, limit: int) -> Iterator[str]:
    """Yield why a text is refused: quotes, accents, %, single braces and backslashes are welcome."""
    visible = "".join(c if c.isprintable() or c in JOINERS else " " for c in TEMPLATE_MARKS.sub(" ", text))
    repaired = visible.strip()[:limit].strip() or "My Service"
    if text != repaired:
        form = f"one line of 1 to {limit} visible characters, no space at either end, no doubled brace or template tag"
        yield f"{name} {shown(text)} must be {form}. Try: {repaired!a}"


def check_answers(answers: Answers) -> Iterator[str]:
    """Yield one line for each wrong answer: the accepted form and a suggestion."""
    yield from check_slug(str(answers["project_slug"]), frozenset(str(answers["_dependencies"]).split()))
    for name, limit in FREE_TEXT.items():
        yield from check_free_text(name, str(answers[name]), limit)
    port, branch = str(answers["port"]), str(answers["main_branch"])
    if not re.fullmatch(r"[1-9][0-9]{3,4}", port) or not 1024 <= int(port) <= 65535:
        yield f"port {shown(port)} must be a whole number from 1024 to 65535. Try: 8000"
    if len(branch) > 80 or not BRANCH.fullmatch(branch):
        yield f"main_branch {shown(branch)} must be a git branch name of letters, digits and - _ . / Try: main"
    needs, given = answers["_needs"], {f"{name}={answer}".lower() for name, answer in answers.items()}
    for answer, needed in needs.items() if isinstance(needs, dict) else ():
        if answer in given and not given.issuperset(needed.split(" and ")):
            yield f"{answer} needs {needed}. Try: {needed}, or leave {answer.partition('=')[0]} out"


def shown(text: str) -> str:
    """An answer as it stands in a message: quoted, on one line, not too long."""
    return ascii(text if len(text) <= 60 else f"{text[:57]}...")


def remove_made_folders(project: Path, output: Path) -> None:
    """Remove what cookiecutter leaves of a slug such as `a/b`: it deletes the last folder only."""
    if output in project.parent.parents:
        os.chdir(output)
        with contextlib.suppress(OSError):
            for folder in takewhile(lambda folder: folder != output, (project, *project.parents)):
                folder.rmdir()


def main() -> int:
    """Check the answers of this bake; 1 stops it."""
    answers: Answers = json.loads(r"""{{ cookiecutter | tojson }}""")
    refusals = list(check_answers(answers))
    for line in refusals:
        print(line, file=sys.stderr)
    if refusals:
        remove_made_folders(Path.cwd(), Path(str(answers.get("_output_dir", Path.cwd().parent))).resolve())
    return 1 if refusals else 0


if __name__ == "__main__":
    sys.exit(main())
