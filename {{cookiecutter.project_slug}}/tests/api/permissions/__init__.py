"""Who may call what: for each operation that is not public, the roles that may. One module per noun."""

import importlib
import pkgutil

TABLE: dict[str, set[str]] = {
    operation: set(roles.split())
    for module in pkgutil.iter_modules(__path__)
    for operation, roles in importlib.import_module(f"{__name__}.{module.name}").ROLES.items()
}
