"""The `.env` of a fresh checkout, with development secrets made on the spot.

Every module of this package defines `DEVELOPMENT_SECRETS`: the name of a variable and the function that makes its value.
"""

import importlib
import os
import pkgutil
from collections.abc import Callable, Mapping
from pathlib import Path

_HEADER = "# Settings of this checkout, for development only. Never commit it. All settings: .env.example\n"


def create_env_file(path: Path) -> bool:
    """Write the file unless it exists, readable by its owner only. Returns whether it was written."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    lines = [f"{name}={make()}\n" for name, make in development_secrets().items()]
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines([_HEADER, *lines])
    return True


def development_secrets() -> Mapping[str, Callable[[], str]]:
    """What makes the value of each variable of a fresh `.env`."""
    secrets: dict[str, Callable[[], str]] = {}
    for module in pkgutil.iter_modules(__path__):
        secrets |= importlib.import_module(f"{__name__}.{module.name}").DEVELOPMENT_SECRETS
    return secrets
