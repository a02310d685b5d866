"""The `.env` of a worktree: the developer's settings, with a port and a project of its own, and never another worktree's database."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from service_devkit.environment import create_env_file, development_secrets
from service_devkit.workflow.files import replace_whole

_DATABASE: Final = ("DATABASE_URL", "DIRECT_URL")
_HEADER: Final = "# Of this worktree, by devkit:"


def write_env_file(root: Path, *, main_root: Path, own: Mapping[str, str]) -> list[str]:
    """Write the file, with what stands in the one of the main worktree. Returns the settings that were not taken over: addresses of its database."""
    path, main = root / ".env", main_root / ".env"
    if not path.exists() and not main.exists():
        create_env_file(path, development_secrets(main_root))
    shared = _lines(main)
    lines = _lines(path) if path.exists() else shared
    dropped = [name for name in _DATABASE if (found := value_of(lines, name)) and found == value_of(shared, name)]
    kept = [line for line in lines if _name(line) not in {*own, *dropped} and line != _HEADER]
    text = "\n".join([*kept, _HEADER, *(f"{name}={value}" for name, value in own.items())])
    replace_whole(path, f"{text}\n", mode=0o600)
    return dropped


def value_of(lines: list[str], name: str) -> str:
    """The value of a setting, empty where it has none; the last line counts."""
    found = [line.partition("=")[2].strip() for line in lines if _name(line) == name]
    return found[-1] if found else ""


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def _name(line: str) -> str:
    found = re.match(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=", line)
    return found[1] if found else ""
