"""One environment with everything that any service needs, built once and shared by all variants and all workers."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

from filelock import FileLock

from tests.project import Project, run
from tests.variants import REPOSITORY
from tools.lock import uv, write_maximal_project

CACHES = REPOSITORY / ".cache"
CACHE = CACHES / "service"


def build() -> Path:
    """The environment's folder of commands, made again only if the service's dependencies have changed."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(CACHE / "lock"):
        write_maximal_project(CACHE / "next")
        wanted, stamp = digest(CACHE / "next"), CACHE / "stamp"
        if not stamp.exists() or stamp.read_text() != wanted:
            write_maximal_project(CACHE)
            synced = run(uv(), "sync", "--quiet", "--python", sys.executable, cwd=CACHE)
            if synced.returncode:
                raise RuntimeError(f"the shared service environment cannot be made:\n{synced.stdout}")
            stamp.write_text(wanted)
    return CACHE / ".venv" / ("Scripts" if sys.platform == "win32" else "bin")


def commands_of_ours() -> Path:
    """The folder of the template's own commands: hadolint and the like."""
    return Path(sys.executable).parent


def locked(name: str) -> FileLock:
    """A lock among the workers of pytest-xdist."""
    CACHES.mkdir(exist_ok=True)
    return FileLock(CACHES / f"{name}.lock")


def types(project: Project, commands: Path) -> str:
    """What `mypy --strict` finds. One cache for the tree and all variants: results follow content, so each pays only for what differs."""
    with locked("mypy"):
        done = project.run(commands / "mypy", "--strict", "--cache-dir", CACHES / "mypy")
    return done.stdout if done.returncode else ""


def types_known(folder: Path) -> dict[str, str]:
    """The environment of a command that may run `mypy`: a copy of the cache, so that it need not read every library once more."""
    with locked("mypy"):
        if (CACHES / "mypy").is_dir():
            shutil.copytree(CACHES / "mypy", folder)
    return {"MYPY_CACHE_DIR": str(folder)}


def digest(folder: Path) -> str:
    """What the environment depends on."""
    files = [*sorted(folder.glob("*.*")), *sorted(folder.glob("vendor/*"))]
    parts = [sys.version.encode(), *(path.read_bytes() for path in files if path.is_file())]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
