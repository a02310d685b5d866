"""What each operation asks the database when its caller is known and all goes well. One module per noun.

A module has `STATEMENTS`, which `just queries` writes, and where calls need something `given`, which makes it; `CLIENT` names another fixture
than `client`. Parameters stand as they are in SQL; what begins and ends transactions is left out.
"""

import importlib
import pkgutil
from pathlib import Path

from tests.api.query_tables import Noun, nothing


def _noun(name: str) -> Noun:
    module = importlib.import_module(f"{__name__}.{name}")
    return Noun(
        path=Path(__file__).with_name(f"{name}.py"),
        statements=module.STATEMENTS,
        client=getattr(module, "CLIENT", "client"),
        given=getattr(module, "given", nothing),
    )


NOUNS = {module.name: _noun(module.name) for module in pkgutil.iter_modules(__path__)}
TABLE = {operation: texts for noun in NOUNS.values() for operation, texts in noun.statements.items()}
