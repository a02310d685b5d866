"""Real git repositories for tests, with an author and no settings of whoever runs them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dev import release as command

PROJECT = {
    "contracts/openapi.yaml": "openapi: 3.1.0\ninfo:\n  version: 0.1.0\n",
    "app/core/project.py": 'NAME = "notes"\nVERSION = "0.1.0"\n',
    "pyproject.toml": '[project]\nname = "notes"\nversion = "0.1.0"\n\n[tool.release]\nbranch = "main"\n',
    "uv.lock": 'version = 1\n\n[[package]]\nname = "notes"\nversion = "0.1.0"\nsource = { virtual = "." }\n',
    "CHANGELOG.md": "# Changelog\n",
}
GREEN = (sys.executable, "-c", "")
RED = (sys.executable, "-c", "raise SystemExit(1)")


class Repository:
    """A repository in a folder of its own, on the branch `main`."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for person in ("AUTHOR", "COMMITTER"):
            monkeypatch.setenv(f"GIT_{person}_NAME", "Ada")
            monkeypatch.setenv(f"GIT_{person}_EMAIL", "ada@example.com")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        self.root = root
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        """Run git, and return what it prints."""
        done = subprocess.run(["git", *arguments], cwd=self.root, check=True, capture_output=True, encoding="utf-8")  # noqa: S603, S607 - git from PATH
        return done.stdout.strip()

    def commit(self, *paragraphs: str) -> None:
        """Commit whatever there is, or nothing, with this message."""
        self.git("add", "--all")
        messages = [argument for paragraph in paragraphs for argument in ("--message", paragraph)]
        self.git("commit", "--quiet", "--allow-empty", *messages)

    def tags(self) -> list[str]:
        """All tags."""
        return self.git("tag", "--list").split()


def unreleased_service(root: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A service before its first release, whose gates are green."""
    for name, text in PROJECT.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(command, "ROOT", root)
    monkeypatch.setattr(command, "CHECK", GREEN)
    repository = Repository(root, monkeypatch)
    repository.commit("feat: take notes")
    return repository


def release(*arguments: str) -> Result:
    """`python -m dev release` there."""
    return CliRunner().invoke(command.release, arguments)
