"""git, as the workflow calls it."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from service_devkit.workflow.command import Refused


class Git:
    """git in one folder, with English messages and without what a hook of git says about another repository."""

    def __init__(self, folder: Path, *options: str) -> None:
        """`options` stand before the command, as in `git -c name=value`."""
        self.folder = folder
        self._options = options

    def __call__(self, *arguments: str) -> str:
        """What git prints, without the last line end.

        Raises:
            Refused: git says no.
        """
        done = self.run(*arguments)
        if done.returncode:
            said = " ".join((done.stderr.strip() or done.stdout.strip() or str(done.returncode)).split())
            raise Refused(
                f"git {arguments[0]} failed in {self.folder}: {said}",
                then="remove the cause, then run the command again",
            )
        return done.stdout.rstrip("\n")

    def lines(self, *arguments: str) -> list[str]:
        """What git prints, by line."""
        return self(*arguments).splitlines()

    def ok(self, *arguments: str) -> bool:
        """Whether git says yes."""
        return self.run(*arguments).returncode == 0

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run git and leave its status to the caller."""
        try:
            return subprocess.run(  # noqa: S603 - our own arguments
                ["git", *self._options, *arguments],  # noqa: S607 - git from PATH
                cwd=self.folder,
                env=_environment(),
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
        except FileNotFoundError:
            raise Refused("git is not installed", then="install git 2.38 or newer") from None

    def commit(self, name: str) -> str | None:
        """The id of the commit that a name stands for; None where there is none."""
        done = self.run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        return None if done.returncode else done.stdout.strip()

    def has_branch(self, name: str) -> bool:
        """Whether a local branch has that name."""
        return self.ok("show-ref", "--verify", "--quiet", f"refs/heads/{name}")

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether a commit is in the history of another, or is that one."""
        return self.ok("merge-base", "--is-ancestor", old, new)

    def changes(self) -> list[str]:
        """The files that are not as committed, new ones included."""
        return [line[3:] for line in self.lines("status", "--porcelain")]

    def text_at(self, commit: str, path: str) -> str | None:
        """A file of a commit, as text; None where it has none. The path is relative to the top of the repository."""
        done = self.run("show", f"{commit}:{path}")
        return None if done.returncode else done.stdout


def _environment() -> Mapping[str, str]:
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_")
        or name.startswith(("GIT_AUTHOR", "GIT_COMMITTER", "GIT_CONFIG", "GIT_SSH", "GIT_ASKPASS"))
    }
    return {**ours, "LC_ALL": "C", "GIT_EDITOR": "true"}
