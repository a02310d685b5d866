"""Who may call what: for each operation that is not public, the permission that it needs, or nothing where signing in is enough. One module per noun."""

import importlib
import pkgutil
from collections.abc import Iterator

from app.core.permissions import GRANTS, Role


def _rows() -> Iterator[tuple[str, set[str]]]:
    """The roles of each operation. A module from before 0.4 lists them itself, as ROLES."""
    for found in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{found.name}")
        for operation, roles in getattr(module, "ROLES", {}).items():
            yield operation, set(roles.split())
        for operation, permission in getattr(module, "PERMISSIONS", {}).items():
            yield (
                operation,
                {role.value for role in Role if role is not Role.BLOCKED and permission in {"", *GRANTS[role]}},
            )


TABLE: dict[str, set[str]] = dict(_rows())
