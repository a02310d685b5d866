"""What the example domain adds to the benchmark: modules whose names begin alike and end with its resource."""

import importlib
import pkgutil
import sys
from pathlib import Path
from types import ModuleType


def parts(beginning: str) -> list[ModuleType]:
    """The modules with this beginning: `parts("benchmarks.data_")` has those of each resource that the service has."""
    package, _, prefix = beginning.rpartition(".")
    path = importlib.import_module(package).__path__
    names = sorted(module.name for module in pkgutil.iter_modules(path) if module.name.startswith(prefix))
    return [importlib.import_module(f"{package}.{name}") for name in names if has_resource(name.removeprefix(prefix))]


def has_resource(name: str) -> bool:
    """Whether the service has a resource of this name, in the plural. Nothing of it is imported: the references must not pay for that."""
    return any(Path(entry, "app", "models", f"{name}.py").is_file() for entry in sys.path)
