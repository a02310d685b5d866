"""Run the mutants of one subject or of all, in a copy of the tree."""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests import service_environment
from tools import mutants
from tools.derived import TREE, tree_files
from tools.mutants import Mutant

SUBJECTS = [module.name for module in pkgutil.iter_modules(mutants.__path__) if module.name != "__main__"]
OPTIONS = ("-x", "-q", "--no-header", "--tb=no", "-p", "no:randomly", "-p", "no:cacheprovider")


def copy_tree(folder: Path) -> None:
    """The service as git knows it, in a folder of its own."""
    for name in tree_files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(TREE / name, folder / name)


def tests_pass(pytest: Path, folder: Path, tests: Sequence[str]) -> bool:
    """Whether the tests pass in the copy as it stands."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [str(pytest), *OPTIONS, *tests]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False).returncode == 0


def survives(mutant: Mutant, pytest: Path, folder: Path, tests: Sequence[str]) -> bool:
    """Whether no test notices the mutant."""
    file = folder / mutant.file
    original = file.read_text(encoding="utf-8")
    file.write_text(original.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        return tests_pass(pytest, folder, tests)
    finally:
        file.write_text(original, encoding="utf-8")


def run(subject: str) -> int:
    """Run the mutants of a subject, one line for each; how many survived."""
    table = importlib.import_module(f"tools.mutants.{subject}")
    pytest = service_environment.build() / "pytest"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy_tree(folder)
        if not tests_pass(pytest, folder, table.TESTS):
            sys.exit(f"{subject}: the tests fail before anything is broken")
        alive = 0
        for number, mutant in enumerate(table.MUTANTS, 1):
            started = time.monotonic()
            survived = survives(mutant, pytest, folder, table.TESTS)
            alive += survived
            word = "SURVIVED" if survived else "killed"
            print(
                f"{subject} {number}/{len(table.MUTANTS)} {word} in {time.monotonic() - started:.1f} s: {mutant.file}: {mutant.old!r} -> {mutant.new!r}",
                flush=True,
            )
    print(f"{subject}: {len(table.MUTANTS)} mutants, {alive} survived")
    return alive


def main() -> int:
    """Exit status 1 when a mutant survives."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.mutants", description="Break each check once, and see its tests fail."
    )
    parser.add_argument(
        "subject", nargs="*", choices=[*SUBJECTS, []], help=f"{', '.join(SUBJECTS)}; all of them when absent"
    )
    return 1 if sum(run(subject) for subject in parser.parse_args().subject or SUBJECTS) else 0


if __name__ == "__main__":
    sys.exit(main())
