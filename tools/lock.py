"""Make the lock that every service starts on: `python -m tools.lock [--check | --upgrade]`.

The committed `uv.lock` names versions and no host, so it works with whatever package index its user has: uv reads it, keeps every
version, and completes it on first use (docs/decisions/0003-the-lock-names-versions-and-no-host.md).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
TREE = REPOSITORY / "{{cookiecutter.project_slug}}"
QUESTIONS = REPOSITORY / "cookiecutter.json"
# What stands for the answers in the tree, and the tags that put the answers there.
STANDINS = (
    ('name = "service-name"\n', '{% filter replace("service-name", cookiecutter.project_slug) %}'),
    ('requires-python = ">=3.11"\n', '{% filter replace("3.11", cookiecutter.python_version) %}'),
)


def without_hosts(lock: str) -> str:
    """A lock with addresses, file hashes and requirements taken out, and comment-tags for the answers put in."""
    lock = re.sub(r"^#.*\n", "", lock, flags=re.MULTILINE)
    lock = re.sub(r'source = \{ registry = "[^"]*" \}', 'source = { registry = "." }', lock)
    lock = re.sub(r"^sdist = .*\n", "", lock, flags=re.MULTILINE)
    lock = re.sub(r"^wheels = \[\n(?:    .*\n)*\]\n", "", lock, flags=re.MULTILINE)
    # Without its record of what the service asked for, uv does not take the lock as complete: it looks up every file again.
    lock = re.sub(r"^\[package\.metadata(?:.*\n)*?(?=\[\[package\]\]|\Z)", "", lock, flags=re.MULTILINE)
    # uv writes the parts of the split by Python and platform in the order in which it met them.
    lock = re.sub(r"(?<=^resolution-markers = \[\n)(?:    .*\n)*", sorted_lines, lock, flags=re.MULTILINE)
    for line, tag in STANDINS:
        lock = lock.replace(line, f"# {tag}\n{line}# {{% endfilter %}}\n")
    return lock


def sorted_lines(match: re.Match[str]) -> str:
    """The matched lines in alphabetical order."""
    return "".join(sorted(match[0].splitlines(keepends=True)))


def versions(lock: str) -> set[tuple[str, str]]:
    """Each package in a lock with its version, the service itself left out; one may stand there twice, for two Pythons."""
    packages = tomllib.loads(lock)["package"]
    return {(package["name"], package["version"]) for package in packages if "virtual" not in package["source"]}


def write_maximal_project(folder: Path) -> None:
    """Copy the `pyproject.toml`, `uv.lock` and `vendor/` of the service that has everything: the tree as it stands."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("pyproject.toml", "uv.lock"):
        if (TREE / name).exists():
            shutil.copyfile(TREE / name, folder / name)
    shutil.rmtree(folder / "vendor", ignore_errors=True)
    shutil.copytree(TREE / "vendor", folder / "vendor")


def uv() -> str:
    """The uv that runs us, else the one on PATH."""
    found = os.environ.get("UV") or shutil.which("uv")
    if not found:
        raise FileNotFoundError("uv is not on your PATH: python3 -m pip install uv")
    return found


def make_lock(*, upgrade: bool) -> str:
    """Resolve the maximal service, starting from the versions of the committed lock unless asked to upgrade."""
    with tempfile.TemporaryDirectory() as folder:
        write_maximal_project(Path(folder))
        command = [uv(), "lock", "--quiet", "--python", sys.executable, *(["--upgrade"] if upgrade else [])]
        environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
        if subprocess.run(command, cwd=folder, check=False, env=environment).returncode:
            sys.exit("uv could not make the lock.")
        return without_hosts(Path(folder, "uv.lock").read_text(encoding="utf-8"))


def with_dependencies(questions: str, lock: str) -> str:
    """`cookiecutter.json` with the names that no service may have: those of the packages in the lock."""
    names = " ".join(sorted({name for name, _ in versions(lock)}))
    return re.sub(r'("_dependencies": )".*"', lambda match: match[1] + json.dumps(names), questions)


def main() -> int:
    """Write the lock, or say whether it is current."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.lock", description="Make the lock that every service starts on."
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the lock is not current")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that pyproject.toml allows")
    options = parser.parse_args()
    lock = make_lock(upgrade=options.upgrade)
    wanted = {TREE / "uv.lock": lock, QUESTIONS: with_dependencies(QUESTIONS.read_text(encoding="utf-8"), lock)}
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        print(f"{'Not current' if options.check else 'Written'}: {path.relative_to(REPOSITORY)}")
        if not options.check:
            path.write_text(wanted[path], encoding="utf-8")
    if not stale:
        print("The lock is current.")
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
