"""Commit messages that say what kind of change they are: Conventional Commits, from which `just release` takes version and changelog."""

import re
import subprocess
from pathlib import Path
from typing import Final

import click

ROOT: Final = Path(__file__).resolve().parents[1]
TYPES: Final = ("feat", "fix", "perf", "refactor", "docs", "test", "build", "ci", "chore", "style", "revert")
_LONGEST: Final = 100
_SUBJECT: Final = re.compile(rf"({'|'.join(TYPES)})(\([\w./, -]+\))?!?: \S.*[^\s.]")


def fault_of(subject: str) -> str | None:
    """What is wrong with the first line of a commit message, or None."""
    if len(subject) > _LONGEST:
        return f"longer than {_LONGEST} characters"
    if not _SUBJECT.fullmatch(subject):
        return f"not `type(scope): what it does` without a full stop; types: {', '.join(TYPES)}"
    return None


def commits_in(root: Path, revisions: str) -> list[tuple[str, str]]:
    """Short hash and first line of each commit of a range, merges left out: git writes those.

    Raises:
        click.ClickException: git knows no such range.
    """
    command = ["git", "log", "--no-merges", "--format=%h %s", "--end-of-options", revisions, "--"]
    done = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", check=False)  # noqa: S603 - git, with a range that cannot be an option
    if done.returncode:
        raise click.ClickException(done.stderr.strip())
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in done.stdout.splitlines()]


@click.command()
@click.argument("revisions", default="HEAD~1..HEAD")
def commits(revisions: str) -> None:
    """Check the messages of the commits in REVISIONS, such as origin/main..HEAD; the last one when absent."""
    found = commits_in(ROOT, revisions)
    faults = [f"{name} {subject}\n    {fault}" for name, subject in found if (fault := fault_of(subject))]
    for line in faults:
        click.echo(line)
    if faults:
        raise click.ClickException(f"{len(faults)} of {len(found)} messages must change: git rebase --interactive")
    click.echo(f"well-formed messages: {len(found)}")
