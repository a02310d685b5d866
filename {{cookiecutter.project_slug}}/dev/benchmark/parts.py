"""What the example domain, or a domain of your own, adds to the benchmark: modules whose names begin alike."""

import importlib
import pkgutil
from types import ModuleType


def parts(beginning: str) -> list[ModuleType]:
    """The modules with this beginning: `parts("dev.benchmark.data_")` has those of each domain that is there."""
    package, _, prefix = beginning.rpartition(".")
    path = importlib.import_module(package).__path__
    names = sorted(module.name for module in pkgutil.iter_modules(path) if module.name.startswith(prefix))
    return [importlib.import_module(f"{package}.{name}") for name in names]
