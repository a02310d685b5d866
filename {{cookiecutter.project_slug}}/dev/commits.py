"""Commit messages that say what kind of change they are: Conventional Commits, from which a release takes its version and its changelog."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

ROOT: Final = Path(__file__).resolve().parents[1]
TYPES: Final = ("feat", "fix", "perf", "revert", "refactor", "docs", "test", "build", "ci", "chore", "style")
_LONGEST: Final = 100
_SUBJECT: Final = re.compile(
    rf"(?P<type>{'|'.join(TYPES)})(?:\((?P<scope>[\w./, -]+)\))?(?P<mark>!?): (?P<summary>\S.*[^\s.])"
)
_FOOTER: Final = re.compile(r"^BREAKING[ -]CHANGE: \S", re.MULTILINE)


@dataclass(frozen=True)
class Commit:
    """A commit's short hash, and its message: the first line, and what follows."""

    name: str
    subject: str
    body: str = ""

    @property
    def fault(self) -> str | None:
        """What is wrong with the first line, or None."""
        if len(self.subject) > _LONGEST:
            return f"longer than {_LONGEST} characters"
        if not _SUBJECT.fullmatch(self.subject):
            return f"not `type(scope): what it does` without a full stop; types: {', '.join(TYPES)}"
        return None

    @property
    def type(self) -> str | None:
        """`feat`, `fix` or another of TYPES; None for a message of no such form."""
        found = _SUBJECT.fullmatch(self.subject)
        return found["type"] if found else None

    @property
    def breaking(self) -> bool:
        """Whether callers must change: a `!` before the colon, or a paragraph that says so."""
        found = _SUBJECT.fullmatch(self.subject)
        return bool(found and found["mark"]) or bool(_FOOTER.search(self.body))

    @property
    def summary(self) -> str:
        """What the change does, with its scope before it."""
        found = _SUBJECT.fullmatch(self.subject)
        if found is None:
            return self.subject
        return f"{found['scope']}: {found['summary']}" if found["scope"] else found["summary"]


def commits_in(root: Path, revisions: str) -> list[Commit]:
    """The commits of a range such as `main..HEAD`, the newest first; merges, whose messages git writes, are left out.

    Raises:
        click.ClickException: git knows no such range.
    """
    fields = "%h%x00%s%x00%b%x00"
    command = ["git", "log", "--no-merges", "-z", f"--format={fields}", "--end-of-options", revisions, "--"]
    done = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", check=False)  # noqa: S603 - git, with a range that cannot be an option
    if done.returncode:
        raise click.ClickException(done.stderr.strip())
    values = done.stdout.split("\0")
    return [Commit(*values[start : start + 3]) for start in range(0, len(values) - 3, 4)]


@click.command()
@click.argument("revisions", default="HEAD~1..HEAD")
def commits(revisions: str) -> None:
    """Check the messages of the commits in REVISIONS, such as origin/main..HEAD; the last one when absent."""
    found = commits_in(ROOT, revisions)
    faults = [f"{commit.name} {commit.subject}\n    {commit.fault}" for commit in found if commit.fault]
    for line in faults:
        click.echo(line)
    if faults:
        raise click.ClickException(f"{len(faults)} of {len(found)} messages must change: git rebase --interactive")
    click.echo(f"well-formed messages: {len(found)}")
