"""Size limits: functions under 50 lines, classes under 100, files under 500.

`python -m dev.sizes` names every offender as path:line and ends with status 1 if there is one.
"""

import ast
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import click

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDERS: Final = ("alembic", "app", "dev", "tests")
FUNCTION_LIMIT: Final = 50
CLASS_LIMIT: Final = 100
FILE_LIMIT: Final = 500


class Offender(NamedTuple):
    """Something that has as many lines as its limit, or more."""

    path: Path
    line: int
    what: str
    lines: int
    limit: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what} has {self.lines} lines; the limit is under {self.limit}"


def offenders(root: Path, folders: Iterable[str] = FOLDERS) -> Iterator[Offender]:
    """Every offender in the Python files of these folders; paths are relative to `root`."""
    for path in sorted(file for folder in folders for file in (root / folder).rglob("*.py")):
        for offender in measure(path):
            yield offender._replace(path=path.relative_to(root))


def measure(path: Path) -> Iterator[Offender]:
    """The offenders in one file."""
    source = path.read_text(encoding="utf-8")
    lines = len(source.splitlines())
    if lines >= FILE_LIMIT:
        yield Offender(path, 1, "the file", lines, FILE_LIMIT)
    for node in ast.walk(ast.parse(source, filename=str(path))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _too_long(path, node, "function", FUNCTION_LIMIT)
        elif isinstance(node, ast.ClassDef):
            yield from _too_long(path, node, "class", CLASS_LIMIT)


def _too_long(
    path: Path, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, kind: str, limit: int
) -> Iterator[Offender]:
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if lines >= limit:
        yield Offender(path, node.lineno, f"{kind} {node.name}", lines, limit)


def main() -> None:
    """Print the offenders of this project; status 1 if there are any."""
    found = list(offenders(ROOT))
    for offender in found:
        click.echo(str(offender))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
