"""Databases without a mark: taken as ours where their tables are the ones that our migrations make."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from app.db.ownership import WrongDatabase

_NAMED = 5
_SQL = re.compile(r'\b(create|drop)\s+table\s+(?:if\s+(?:not\s+)?exists\s+)?"?(\w+)\b(?!"?\.)', re.IGNORECASE)


def check_tables_match(found: set[str], migrations: Iterable[Path]) -> None:
    """Raise `WrongDatabase` where the tables differ from what the migrations that were applied, oldest first, have made."""
    expected: set[str] = set()
    for path in migrations:
        _follow(path.read_text(encoding="utf-8-sig"), expected)
    faults = [
        f"{verb} {', '.join(sorted(tables)[:_NAMED])}{', ...' if len(tables) > _NAMED else ''}"
        for verb, tables in (("lacks", expected - found), ("has", found - expected))
        if tables
    ]
    if faults:
        raise WrongDatabase(
            reason="The database does not say to which service it belongs, and its tables are not those of this one: it "
            f"{' and '.join(faults)}. Correct DATABASE_URL, or, if it is the right one, run `python -m app migrate --adopt`."
        )


def _follow(source: str, tables: set[str]) -> None:
    """Apply to the names of tables what one migration does on the way up."""
    body = (node for node in ast.parse(source).body if getattr(node, "name", None) != "downgrade")
    for verb, *names in (change for part in body for node in ast.walk(part) for change in _changes(node)):
        if verb != "create":
            tables.discard(names[0])
        if verb != "drop":
            tables.add(names[-1])


def _changes(node: ast.AST) -> Iterator[list[str]]:
    match node:
        case ast.Call(
            func=ast.Attribute(attr="create_table" | "drop_table" | "rename_table" as verb),
            args=args,
            keywords=keywords,
        ) if not any(keyword.arg == "schema" for keyword in keywords):
            yield [verb.partition("_")[0], *(str(arg.value) for arg in args if isinstance(arg, ast.Constant))]
        case ast.Constant(value=str(text)):
            yield from ([verb.lower(), name] for verb, name in _SQL.findall(text))
