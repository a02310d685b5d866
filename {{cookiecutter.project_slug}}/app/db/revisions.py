"""Which migrations the code knows, and whether a database is behind them."""

import ast
from dataclasses import dataclass
from pathlib import Path

VERSIONS = Path(__file__).parents[2] / "alembic" / "versions"


@dataclass(frozen=True)
class Revisions:
    """Every revision that the code knows, and the newest of them; None where there is none."""

    known: frozenset[str]
    head: str | None

    def are_ahead_of(self, found: frozenset[str]) -> bool:
        """Whether a database lacks migrations that the code needs.

        One that the code does not know is of a newer release, whose migrations keep this one working (docs/migrations.md): that is not behind.
        """
        return self.head is not None and self.head not in found and found <= self.known


def read_revisions(versions: Path = VERSIONS) -> Revisions:
    """The revisions in the files of migrations.

    Read without Alembic, of which a server needs nothing else, and which would cost each worker a tenth of a second and 10 MiB. That there is one
    head is held by the gate `migrations`.
    """
    known: set[str] = set()
    followed: set[str] = set()
    for path in versions.glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8-sig")).body:
            known |= _assigned(node, "revision")
            followed |= _assigned(node, "down_revision")
    return Revisions(frozenset(known), next(iter(known - followed), None))


def _assigned(node: ast.stmt, name: str) -> set[str]:
    """The revisions that a line gives to a name: one, several for a merge, or none."""
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    value = getattr(node, "value", None)
    if not isinstance(target, ast.Name) or target.id != name or value is None:
        return set()
    return {each.value for each in ast.walk(value) if isinstance(each, ast.Constant) and isinstance(each.value, str)}
