"""Migrations of a branch are put behind those of main, so that one head stays.

Alembic does not do it (https://github.com/sqlalchemy/alembic/issues/744). The text of one file is changed: the first of the branch's revisions follows
the head of main. Revisions that are on main are never touched.
"""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from service_devkit.workflow.command import Refused
from service_devkit.workflow.git import Git
from service_devkit.workflow.revisions import VERSIONS, Revision, heads, parse_revision


@dataclass(frozen=True)
class Move:
    """A revision, the one that it followed and the one that it is to follow."""

    revision: Revision
    old: str | None
    new: str


def revisions_at(git: Git, commit: str, service: str) -> list[Revision]:
    """The migrations of a commit."""
    folder = (Path(service) / VERSIONS).as_posix()
    names = git.lines("ls-tree", "--name-only", "--full-tree", commit, f"{folder}/")
    texts = {name: git.text_at(commit, name) or "" for name in names if name.endswith(".py")}
    return [found for name, text in texts.items() if (found := parse_revision(name, text))]


def needed_move(ours: Sequence[Revision], main: Sequence[Revision]) -> Move | None:
    """Which revision must move for one head to stay; None where there is one already.

    Raises:
        Refused: that is not for a program to decide.
    """
    on_main = {each.id for each in main}
    added = [each for each in ours if each.id not in on_main]
    _refuse_same_id(ours, main)
    ends = heads(main)
    if not added or len(ends) != 1:
        return None
    roots = [each for each in added if not {*each.parents} & {one.id for one in added}]
    if len(roots) == 1 and roots[0].parents == (ends[0],):
        return None
    wrong = [each.path for each in added if not each.simple] if len(roots) == 1 else [each.path for each in roots]
    if wrong or len(heads(added)) != 1:
        raise Refused(
            "the migrations of this branch are no simple chain",
            then=f"let them follow {ends[0]}, one after the other, commit, then devkit finish --resume",
            details=wrong or [each.path for each in added],
        )
    return Move(roots[0], next(iter(roots[0].parents), None), ends[0])


def move(root: Path, moved: Move) -> Path:
    """Change the text of the revision; the path of the file."""
    path = root / VERSIONS / Path(moved.revision.path).name
    text = path.read_text(encoding="utf-8")
    value = next(
        node.value
        for node in ast.parse(text).body
        if _is_parent(node) and isinstance(node, ast.Assign | ast.AnnAssign) and node.value
    )
    lines = text.splitlines(keepends=True)
    line = lines[value.lineno - 1].encode()
    lines[value.lineno - 1] = (
        line[: value.col_offset] + f'"{moved.new}"'.encode() + line[value.end_col_offset :]
    ).decode()
    text = re.sub(r"^Revises: .*$", f"Revises: {moved.new}", "".join(lines), flags=re.MULTILINE)
    path.write_text(text, encoding="utf-8")
    return path


def _is_parent(node: ast.stmt) -> bool:
    targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(target, ast.Name) and target.id == "down_revision" for target in targets)


def _refuse_same_id(ours: Sequence[Revision], main: Sequence[Revision]) -> None:
    places = {each.id: Path(each.path).name for each in main}
    same = [each for each in ours if places.get(each.id, Path(each.path).name) != Path(each.path).name]
    if same:
        details = [f"{each.id}: {each.path} and {places[each.id]}" for each in same]
        raise Refused(
            "two migrations have one id",
            then="give that of this branch another, commit, then devkit finish --resume",
            details=details,
        )
