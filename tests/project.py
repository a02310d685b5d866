"""Baking a service, and the service that comes of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

from cookiecutter.environment import StrictEnvironment
from cookiecutter.main import cookiecutter

from tests.variants import REPOSITORY, Variant, visible_questions

OURS_ALONE = ("VIRTUAL_ENV", "PYTHONPATH", "UV_PROJECT_ENVIRONMENT")


@dataclass(frozen=True)
class Project:
    """A baked service."""

    root: Path

    def files(self) -> set[str]:
        """The paths of all files, with forward slashes."""
        return {path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file()}

    def contents(self) -> dict[str, bytes]:
        """What every file holds."""
        return {name: (self.root / name).read_bytes() for name in sorted(self.files())}

    def text(self, name: str) -> str:
        """One file as text, its line ends untouched."""
        return (self.root / name).read_bytes().decode()

    def run(self, *command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command inside the service, as if no other environment were active."""
        return run(*command, cwd=self.root, **environment)

    def gate(self, commands: Path, *names: str) -> subprocess.CompletedProcess[str]:
        """Run gates of the service with the tools in the folder `commands`, as an environment of its own would have them."""
        return self.run(commands / "just", "gate", *names, PATH=f"{commands}{os.pathsep}{os.environ['PATH']}")


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command outside our own virtual environment; output and errors come back together."""
    ours = {
        name: value for name, value in os.environ.items() if name not in OURS_ALONE and not name.startswith("PYTEST")
    }
    return subprocess.run(
        command,
        cwd=cwd,
        env={**ours, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def require_success(*outputs: str) -> None:
    """Fail with what the commands that failed have said, whole, the names of failed tests first: an assertion would cut it to a few lines."""
    said = "\n".join(output for output in outputs if output.strip())
    if said:
        names = re.findall(r"^(?:FAILED|ERROR) .*", said, re.MULTILINE)
        raise AssertionError("\n".join([*names, said]))


def _compile_once() -> None:
    """Let the bakes of one process share what Jinja compiles: the texts are the same ones each time, and take half of a bake."""
    compile_text = StrictEnvironment.compile
    compiled: dict[tuple[int, str | None, str], CodeType] = {}

    def compile_or_recall(
        self: StrictEnvironment, source: str, name: str | None = None, filename: str | None = None
    ) -> CodeType:
        key = id(self.lexer), name, source  # Jinja has one lexer for each way to write tags
        if key not in compiled:
            compiled[key] = compile_text(self, source, name, filename)
        return compiled[key]

    StrictEnvironment.compile = compile_or_recall


_compile_once()


def bake_into(folder: Path, template: Path, answers: Variant) -> Project:
    """Bake a service; the configuration of the user who runs the tests has no effect."""
    unknown = answers.keys() - set(visible_questions())  # cookiecutter itself takes them in silence
    if unknown:
        raise KeyError(f"no such question: {', '.join(sorted(unknown))}")
    made = cookiecutter(
        str(template), no_input=True, default_config=True, output_dir=str(folder), extra_context=dict(answers)
    )
    return Project(Path(made))


def copy_template(folder: Path) -> Path:
    """Copy what git would commit: caches and environments left by running the service in place stay behind."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git is found on PATH
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        source, target = REPOSITORY / name, folder / name
        if source.is_file() and name.startswith(("cookiecutter.json", "hooks/", "{{")):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return folder


def with_mechanism(template: Path, folder: Path) -> Path:
    """A copy of the template whose service has the tests of `service_tests/` too, as `tests/mechanism`."""
    shutil.copytree(template, folder)
    target = folder / "{{cookiecutter.project_slug}}" / "tests" / "mechanism"
    shutil.copytree(REPOSITORY / "service_tests", target, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def with_fault(template: Path, folder: Path, name: str, old: str, new: str) -> Path:
    """A copy of the template in which one file of the tree is changed."""
    shutil.copytree(template, folder)
    file = folder / "{{cookiecutter.project_slug}}" / name
    text = file.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise ValueError(f"{name} has {old!r} not once")
    file.write_text(text.replace(old, new), encoding="utf-8")
    return folder
