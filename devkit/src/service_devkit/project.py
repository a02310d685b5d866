"""The service that a command works on: its folder, and what `[tool.devkit]` of its `pyproject.toml` says."""

import importlib
import sys
import tomllib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

import click

HOOKS: Final = {
    "app": "makes the application: what `devkit contract verify` compares with the contract",
    "database-settings": "reads the settings of the database; `database_url` is a secret or None",
    "redis-settings": "reads the settings of Redis; `redis_url` is a secret or None; absent where the service uses none",
    "server-settings": "reads the settings of the server: `host` and `port`",
    "development-secrets": "the name of each secret of a fresh .env, and a function that makes its value",
    "authorizations-by-role": "an Authorization header for each way to sign in and each role; `devkit contract fuzz` signs in with each",
    "authorizations": "an Authorization header of some developer for each way to sign in; absent where nobody does",
}
_MISSING: Final = "No service here: no pyproject.toml with [tool.devkit] in this folder or above it. Change into the folder of the service."


def find_root(start: Path | None = None) -> Path:
    """The nearest folder from the working directory upwards whose `pyproject.toml` has `[tool.devkit]`.

    Where pytest runs from a folder above the service, the one that it has put on the path.

    Raises:
        click.ClickException: there is none.
    """
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents, *map(Path, sys.path)):
        if _configuration(folder) is not None:
            return folder
    raise click.ClickException(_MISSING)


def tool(root: Path, *names: str) -> Mapping[str, object]:
    """A table below `[tool]` of the service's `pyproject.toml`; empty where there is none.

    Raises:
        click.ClickException: the file cannot be read.
    """
    table: object = _pyproject(root).get("tool")
    for name in names:
        table = table.get(name) if isinstance(table, dict) else None
    return table if isinstance(table, dict) else {}


def has_hook(root: Path, name: str) -> bool:
    """Whether the service names this one of `HOOKS`."""
    return bool(tool(root, "devkit").get(name))


def hook(root: Path, name: str) -> Callable[..., object]:
    """What the service names for one of `HOOKS`, as `package.module:function`.

    Raises:
        click.ClickException: it names nothing, or nothing that is there.
    """
    named = tool(root, "devkit").get(name)
    where = f"[tool.devkit] of {root / 'pyproject.toml'}: {name}"
    if not isinstance(named, str) or ":" not in named:
        raise click.ClickException(f'{where} must be "package.module:function"; it {HOOKS[name]}.')
    module, _, function = named.partition(":")
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    try:
        found: Callable[..., object] = getattr(importlib.import_module(module), function)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        raise click.ClickException(f"{where} is {named}, and there is no module {error.name}.") from None
    except AttributeError:
        raise click.ClickException(f"{where} is {named}, and {module} has no {function}.") from None
    return found


def _configuration(folder: Path) -> object:
    if not (folder / "pyproject.toml").is_file():
        return None
    tools = _pyproject(folder).get("tool")
    return tools.get("devkit") if isinstance(tools, dict) else None


def _pyproject(folder: Path) -> Mapping[str, object]:
    path = folder / "pyproject.toml"
    try:
        return _parsed(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be read: {error}") from None


@lru_cache
def _parsed(path: Path, _changed: int) -> Mapping[str, object]:
    """The file as it was at a time: fixtures ask for it with each statement that a test sends."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (UnicodeError, tomllib.TOMLDecodeError) as error:
        raise click.ClickException(f"{path} cannot be read: {error}") from None
