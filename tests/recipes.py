"""A baked service as a git repository, for what its justfile does with gates and releases."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.project import Project, run

PERSON = {f"GIT_{role}_{what}": "ada@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
GATES = re.compile(r"(?<=^export GATES := '''\n).*?(?=^''')", re.DOTALL | re.MULTILINE)


def without_seconds(output: str) -> str:
    """Output of gates as if each took no time, of which a busy machine needs more."""
    return re.sub(r" \d+ s  ", " 0 s  ", output)


class Recipes:
    """The recipes of a service, with the gates that a test gives it."""

    def __init__(self, source: Project, folder: Path, commands: Path) -> None:
        self.project = Project(Path(shutil.copytree(source.root, folder)))
        self.path = f"{commands}{os.pathsep}{os.environ['PATH']}"

    def set_gates(self, *lines: str) -> None:
        """Take these gates instead of those of the service."""
        file = self.project.root / "justfile"
        text, count = GATES.subn(
            "".join(f"    {line}\n" for line in lines).replace("\\", r"\\"), file.read_text(encoding="utf-8")
        )
        assert count == 1
        file.write_text(text, encoding="utf-8")

    def just(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a recipe."""
        return self.project.run(
            "just", *arguments, **{"PATH": self.path, "GIT_CONFIG_GLOBAL": "", **PERSON, **environment}
        )

    def git(self, *arguments: str) -> str:
        """What git prints."""
        done = run("git", *arguments, cwd=self.project.root, GIT_CONFIG_GLOBAL="", **PERSON)
        assert done.returncode == 0, done.stdout
        return done.stdout.strip()

    def commit(self, message: str) -> None:
        """Commit whatever is there."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)

    def write(self, name: str, old: str, new: str) -> None:
        """Replace the one place in a file that says so."""
        text = self.project.text(name)
        assert text.count(old) == 1, name
        (self.project.root / name).write_text(text.replace(old, new), encoding="utf-8")
