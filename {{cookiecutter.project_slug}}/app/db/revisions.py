"""Which migration the code expects."""

import ast
from pathlib import Path

VERSIONS = Path(__file__).parents[2] / "alembic" / "versions"


def head_revision(versions: Path = VERSIONS) -> str | None:
    """The newest revision that the code knows; None where there is none.

    Read without Alembic, of which a server needs nothing else, and which would cost each worker a tenth of a second and 10 MiB. That there is one
    head is held by the gate `migrations`.
    """
    known: set[str] = set()
    followed: set[str] = set()
    for path in versions.glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8-sig")).body:
            known |= _assigned(node, "revision")
            followed |= _assigned(node, "down_revision")
    return next(iter(known - followed), None)


def _assigned(node: ast.stmt, name: str) -> set[str]:
    """The revisions that a line gives to a name: one, several for a merge, or none."""
    match node:
        case (
            ast.Assign(targets=[ast.Name(id=target)], value=value)
            | ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value)
        ) if target == name:
            constants = (each.value for each in ast.walk(value) if isinstance(each, ast.Constant))
            return {constant for constant in constants if isinstance(constant, str)}
        case _:
            return set()
