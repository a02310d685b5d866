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
        fields = _fields(path.read_text(encoding="utf-8-sig"))
        known |= _names(fields.get("revision"))
        followed |= _names(fields.get("down_revision"))
    return next(iter(known - followed), None)


def _fields(text: str) -> dict[str, object]:
    """What a migration says at its top level."""
    fields: dict[str, object] = {}
    for statement in ast.parse(text).body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        name = targets[0].id if isinstance(targets[0], ast.Name) else ""
        if (
            name in {"revision", "down_revision"}
            and isinstance(statement, ast.Assign | ast.AnnAssign)
            and statement.value
        ):
            fields[name] = ast.literal_eval(statement.value)
    return fields


def _names(value: object) -> set[str]:
    """One revision, several of a merge, or none."""
    return (
        {value}
        if isinstance(value, str)
        else {str(each) for each in value}
        if isinstance(value, tuple | list)
        else set()
    )
