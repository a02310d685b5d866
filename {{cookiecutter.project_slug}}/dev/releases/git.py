"""What a release asks of git, and what it leaves there."""

import re
import subprocess
from pathlib import Path

import click

RELEASE_BRANCH = re.compile(r"release/(\d+)\.(\d+)")


def git(root: Path, *arguments: str) -> str:
    """What git prints.

    Raises:
        click.ClickException: git fails; the message is its own.
    """
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, encoding="utf-8", check=False)  # noqa: S603, S607 - git from PATH, with our own arguments
    if done.returncode:
        raise click.ClickException(done.stderr.strip() or f"git {arguments[0]} failed")
    return done.stdout.strip()


def tags(root: Path) -> list[str]:
    """All tags."""
    return git(root, "tag", "--list").splitlines()


def current_branch(root: Path) -> str:
    """The branch that is checked out; empty for a detached HEAD."""
    return git(root, "branch", "--show-current")


def refuse_unready(root: Path, main: str) -> None:
    """Stop where a release would take in more, or other, than what is committed on its branch.

    Raises:
        click.ClickException: with what to do.
    """
    branch = current_branch(root)
    if branch != main and not RELEASE_BRANCH.fullmatch(branch):
        where = f"on {branch}" if branch else "on no branch"
        raise click.ClickException(
            f"Releases are made on {main} or on a release branch such as release/1.2, not {where}."
        )
    if git(root, "status", "--porcelain"):
        raise click.ClickException(
            "There are changes that are not committed. Commit them, or put them aside: git stash"
        )


def record(root: Path, version: str, files: list[str], *, stable: bool) -> list[str]:
    """Commit these files alone and tag the commit; a version for good gets its release branch. Returns what to push.

    What git refuses halfway is taken back, up to the files themselves.
    """
    before = git(root, "rev-parse", "HEAD")
    git(root, "commit", "--quiet", "--message", f"chore(release): {version}", "--", *files)
    try:
        return _mark(root, version, stable=stable)
    except BaseException:  # Ctrl-C too
        if f"v{version}" in tags(root):
            git(root, "tag", "--delete", f"v{version}")
        git(root, "reset", "--quiet", "--soft", before)
        raise


def _mark(root: Path, version: str, *, stable: bool) -> list[str]:
    git(root, "tag", "--annotate", f"v{version}", "--message", version)
    branch = current_branch(root)
    pushed = [branch, f"v{version}"]
    release_branch = f"release/{'.'.join(version.split('.')[:2])}"
    if stable and branch != release_branch:
        git(root, "branch", "--force", "--no-track", release_branch, "HEAD")
        pushed.append(release_branch)
    return pushed
