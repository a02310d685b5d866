"""Development secrets, made on the spot: what `devkit run` writes into the `.env` of a fresh checkout.

Every module of this package defines `DEVELOPMENT_SECRETS`: the name of a variable and the function that makes its value.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping


def development_secrets() -> Mapping[str, Callable[[], str]]:
    """What makes the value of each variable of a fresh `.env`."""
    secrets: dict[str, Callable[[], str]] = {}
    for module in pkgutil.iter_modules(__path__):
        secrets |= importlib.import_module(f"{__name__}.{module.name}").DEVELOPMENT_SECRETS
    return secrets
