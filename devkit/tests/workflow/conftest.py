"""Real git repositories of a few files, with a service that devkit takes for one."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from service_devkit.__main__ import main

# Each process of tests begins at ports of its own: a test of another one may listen on a port to see it passed over.
FIRST_PORT = 12_000 + os.getpid() % 100 * 100

PYPROJECT = f"""[tool.devkit]
app = "app:app"

[tool.devkit.workflow]
setup = "mkdir -p .venv"
gates = "test ! -e red"
hotfix-gates = "test ! -e red"
first-port = {FIRST_PORT}
"""


def _killing(function: Callable[..., object], *, after: bool) -> Callable[..., object]:
    def killed(*arguments: object, **named: object) -> None:
        if after:
            function(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    return killed


@dataclass
class Service:
    """A repository, and devkit in any of its folders."""

    root: Path

    def git(self, *arguments: str, cwd: Path | None = None) -> str:
        """Run git; its failure is the test's."""
        done = subprocess.run(["git", *arguments], cwd=cwd or self.root, capture_output=True, text=True, check=False)  # noqa: S603, S607 - git from PATH
        assert done.returncode == 0, f"git {arguments}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def commit(self, message: str, files: Mapping[str, str], *, cwd: Path | None = None) -> str:
        """Write files and commit them; the id of the commit."""
        for name, text in files.items():
            path = (cwd or self.root) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "--all", cwd=cwd)
        self.git("commit", "--quiet", "--allow-empty", "--message", message, cwd=cwd)
        return self.git("rev-parse", "HEAD", cwd=cwd)

    def devkit(self, *arguments: str, cwd: Path | None = None) -> Result:
        """Run a command in the folder."""
        before = Path.cwd()
        os.chdir(cwd or self.root)
        try:
            return CliRunner().invoke(main, [*arguments], catch_exceptions=False)
        finally:
            os.chdir(before)

    def facts(self, *arguments: str, cwd: Path | None = None) -> dict[str, Any]:
        """What a command prints with `--json`."""
        done = self.devkit(*arguments, "--json", cwd=cwd)
        found: dict[str, Any] = json.loads(done.stdout)
        assert found["ok"] == (done.exit_code == 0)
        return found

    def popen(self, *arguments: str, cwd: Path | None = None) -> "subprocess.Popen[str]":
        """A command as a process of its own."""
        command = [sys.executable, "-m", "service_devkit", *arguments]
        return subprocess.Popen(  # noqa: S603 - our own command
            command, cwd=cwd or self.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def killed(self, place: str, *arguments: str, cwd: Path | None = None) -> None:
        """Run a command that is killed by `kill -9` at the call of `module:function`, or with `>` before it, after it."""
        module, _, name = place.lstrip(">").partition(":")
        target: object = import_module(f"service_devkit.workflow.{module}")
        *classes, name = name.split(".")
        for each in classes:
            target = getattr(target, each)
        child = os.fork()
        if child == 0:
            setattr(target, name, _killing(getattr(target, name), after=place.startswith(">")))
            try:
                self.devkit(*arguments, cwd=cwd)
            finally:
                os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status == -signal.SIGKILL, f"{place} was not reached"

    def start(self, branch: str, *arguments: str) -> Path:
        """Start work; the folder of the worktree."""
        found = self.facts("start", branch, *arguments)
        assert found["ok"], found
        return Path(found["path"])

    def registry(self) -> list[dict[str, Any]]:
        """The rows of the registry."""
        rows: list[dict[str, Any]] = json.loads((self.root / ".git/devkit/worktrees.json").read_text())["worktrees"]
        return rows


@pytest.fixture(autouse=True)
def git_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of nobody."""
    path = tmp_path_factory.mktemp("git") / "config"
    path.write_text(
        "[user]\nname = Ada\nemail = ada@example.com\n[init]\ndefaultBranch = main\n[commit]\ngpgsign = false\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(path))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)


@pytest.fixture
def made(tmp_path: Path) -> Service:
    """A repository with one commit."""
    root = tmp_path / "my service"
    root.mkdir()
    service = Service(root)
    service.git("init", "--quiet")
    service.commit(
        "chore: begin", {"pyproject.toml": PYPROJECT, ".gitignore": ".env\n.dev/\n.venv/\n", "a.py": "A = 1\n"}
    )
    return service


@pytest.fixture
def with_database(folder: Path) -> Service:
    """A repository whose service has a database, with a migration."""
    root = folder / "my service"
    root.mkdir()
    service = Service(root)
    service.git("init", "--quiet")
    pyproject = PYPROJECT.replace(
        "[tool.devkit.workflow]", 'database-settings = "settings:read"\n\n[tool.devkit.workflow]'
    )
    settings = "class Settings:\n    database_url = None\n\n\ndef read() -> Settings:\n    return Settings()\n"
    revision = 'revision = "aaaa"\ndown_revision = None\n'
    files = {
        "pyproject.toml": pyproject,
        "settings.py": settings,
        ".gitignore": ".env\n.dev/\n.venv/\n__pycache__/\n",
        "alembic/versions/a.py": revision,
    }
    service.commit("chore: begin", files)
    return service


@pytest.fixture
def service(made: Service) -> Service:
    """With a contract and a migration."""
    from devkit.tests.workflow.changes import CONTRACT, revision  # noqa: PLC0415 - it takes Service from here

    made.commit("feat: users", {"contracts/openapi.yaml": CONTRACT, "alembic/versions/base.py": revision("base", None)})
    return made
