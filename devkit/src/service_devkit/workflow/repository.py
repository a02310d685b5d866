"""The repository that a command works in, and the service in it."""

import re
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from service_devkit.contract.release import last_release
from service_devkit.project import find_root
from service_devkit.workflow.command import Refused
from service_devkit.workflow.git import Git
from service_devkit.workflow.registry import Registry, Worktree
from service_devkit.workflow.settings import Settings, settings_of


@dataclass(frozen=True)
class Repository:
    """Folders: `top` of the worktree that we stand in, `main_top` of the first one, `common`, which all share."""

    top: Path
    main_top: Path
    common: Path
    service: Path  # the folder of the service, relative to the top

    @property
    def root(self) -> Path:
        """The folder of the service in this worktree."""
        return self.top / self.service

    @property
    def main_root(self) -> Path:
        """The folder of the service in the main worktree."""
        return self.main_top / self.service

    @cached_property
    def git(self) -> Git:
        """git in this worktree."""
        return Git(self.top)

    @cached_property
    def main_git(self) -> Git:
        """git in the main worktree, which is there as long as the repository is."""
        return Git(self.main_top)

    @cached_property
    def settings(self) -> Settings:
        """What the service says about its workflow."""
        return settings_of(self.root)

    @property
    def state_folder(self) -> Path:
        """Where the workflow keeps what all worktrees share; git never looks at it."""
        return self.common / "devkit"

    @cached_property
    def registry(self) -> Registry:
        """Every worktree of this repository."""
        return Registry(self.state_folder)

    def lock_of(self, name: str) -> Path:
        """The lock of the command that works on a worktree."""
        return self.state_folder / f"{name}.lock"

    def private(self, name: str) -> Path:
        """A file of this worktree that git never looks at."""
        return Path(self.git("rev-parse", "--path-format=absolute", "--git-path", f"devkit-{name}"))

    def here(self) -> Worktree | None:
        """The registered worktree that we stand in."""
        return next((each for each in self.registry.read() if Path(each.path) == self.top), None)

    def worktree(self, name: str | None) -> Worktree:
        """The worktree of a name, or the one that we stand in.

        Raises:
            Refused: there is none.
        """
        found = self.here() if name is None else self.registry.get(name)
        if found is not None:
            return found
        names = ", ".join(each.name for each in self.registry.read()) or "none yet"
        if name is None:
            raise Refused(
                f"{self.top} is no registered worktree",
                then=f"name one of: {names}; or devkit worktree init to register this one",
            )
        raise Refused(f"no worktree is called {name}", then=f"devkit worktree list; there are: {names}")

    def names_in(self, folder: str, pattern: re.Pattern[str]) -> list[str]:
        """What stands in a folder of the service in any commit of any branch, and in any worktree, committed or not."""
        inside = f"{self.service.as_posix()}/{folder}/".removeprefix("./")
        added = self.git.lines("log", "--all", "--diff-filter=AR", "--name-only", "--format=", "--", f":/{inside}")
        found = {name.removeprefix(inside).partition("/")[0] for name in added}
        for line in self.git.lines("worktree", "list", "--porcelain"):
            if line.startswith("worktree "):
                found |= {path.name for path in (Path(line[9:]) / inside).glob("*")}
        return sorted(name for name in found if pattern.fullmatch(name))

    def last_release(self, *, on: str) -> str | None:
        """The highest tag of a stable release in the history of a branch."""
        return last_release(self.root, at=on)


def find_repository() -> Repository:
    """The repository around the service that we stand in.

    Raises:
        Refused: there is none, or no commit in it.
    """
    if sys.platform == "win32":
        raise Refused("the workflow needs file locks, which Windows lacks", then="work in WSL 2")
    root = find_root()
    git = Git(root)
    if not git.ok("rev-parse", "--git-dir"):
        raise Refused(f"{root} is in no git repository", then="git init, git add ., git commit")
    if git.commit("HEAD") is None:
        raise Refused("the repository has no commit", then="git add . && git commit")
    top, common = (
        Path(line).resolve()
        for line in git.lines("rev-parse", "--path-format=absolute", "--show-toplevel", "--git-common-dir")
    )
    return Repository(top=top, main_top=_first_worktree(git), common=common, service=root.resolve().relative_to(top))


def _first_worktree(git: Git) -> Path:
    for block in git("worktree", "list", "--porcelain").split("\n\n"):
        lines = block.splitlines()
        if "bare" not in lines:
            return Path(lines[0].removeprefix("worktree ")).resolve()
    raise Refused("the repository is bare", then="git worktree add main, and work there")
