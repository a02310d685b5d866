"""The migrations of a service by their text: nothing of them is imported."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

VERSIONS: Final = Path("alembic") / "versions"


@dataclass(frozen=True)
class Revision:
    """One migration: its id, the ids that it follows, and where it stands."""

    id: str
    parents: tuple[str, ...]
    path: str
    simple: bool  # nothing but one parent or none: no merge, no branch label, no dependency


def read_revisions(root: Path) -> list[Revision]:
    """The migrations of a service; a file that cannot be read as one is left out, the gates say why."""
    folder = root / VERSIONS
    texts = (
        {path.name: path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.glob("*.py"))}
        if folder.is_dir()
        else {}
    )
    return [found for name, text in texts.items() if (found := parse_revision((VERSIONS / name).as_posix(), text))]


def parse_revision(path: str, text: str) -> Revision | None:
    """The migration in a text; None where it is none."""
    try:
        module = ast.parse(text)
    except SyntaxError:
        return None
    values = {name: value for node in module.body for name, value in _assigned(node)}
    revision = values.get("revision")
    if not isinstance(revision, str):
        return None
    parents = _as_tuple(values.get("down_revision"))
    simple = len(parents) <= 1 and not values.get("branch_labels") and not values.get("depends_on")
    return Revision(revision, parents, path, simple)


def heads(revisions: Iterable[Revision]) -> list[str]:
    """The ids that nothing follows."""
    revisions = [*revisions]
    followed = {parent for each in revisions for parent in each.parents}
    return [each.id for each in revisions if each.id not in followed]


def _assigned(node: ast.stmt) -> list[tuple[str, object]]:
    targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets if isinstance(node, ast.Assign) else []
    value = getattr(node, "value", None)
    if value is None:
        return []
    try:
        found = ast.literal_eval(value)
    except ValueError:
        return []
    return [(target.id, found) for target in targets if isinstance(target, ast.Name)]


def _as_tuple(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(map(str, value)) if isinstance(value, list | tuple) else ()
