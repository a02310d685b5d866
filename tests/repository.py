"""Git and cruft, as the tests call them."""

import sys
from pathlib import Path

from tests.project import run

GIT = ("git", "-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")


def git(folder: Path, *arguments: str) -> str:
    """Run git, which must succeed; what it said."""
    done = run(*GIT, *arguments, cwd=folder)
    assert done.returncode == 0, done.stdout
    return done.stdout


def commit(folder: Path, message: str = "change") -> None:
    """Commit all that is there."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)


def cruft(folder: Path, *arguments: str) -> None:
    """Run cruft, which must succeed."""
    done = run(sys.executable, "-m", "cruft", *arguments, cwd=folder)
    assert done.returncode == 0, done.stdout
