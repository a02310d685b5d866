"""Functions, classes and files stay small enough to be read at once. Ruff counts statements; this counts lines, which no rule of its does."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("app", "dev", "tests")  # a migration is as long as what it changes
GENERATED = "Written from contracts/openapi.yaml"  # as long as the contract
LIMITS = {"function": 49, "class": 99, "file": 499}


def too_long(source: str) -> Iterator[str]:
    """What exceeds its limit in a module, with its line."""
    if source.count("\n") > LIMITS["file"] and GENERATED not in source:
        yield f"1: the file has {source.count(chr(10))} lines, {LIMITS['file']} at most"
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        kind = "class" if isinstance(node, ast.ClassDef) else "function"
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > LIMITS[kind]:
            yield f"{node.lineno}: the {kind} {node.name} has {lines} lines, {LIMITS[kind]} at most"


def test_no_function_class_or_file_is_too_long() -> None:
    modules = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))

    found = [f"{path.relative_to(ROOT)}:{each}" for path in modules for each in too_long(path.read_text("utf-8"))]

    assert found == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f():\n" + "    x = 1\n" * 49, ["1: the function f has 50 lines, 49 at most"]),
        ("class C:\n" + "    x = 1\n" * 99, ["1: the class C has 100 lines, 99 at most"]),
        ("x = 1\n" * 500, ["1: the file has 500 lines, 499 at most"]),
        ("def f():\n" + "    x = 1\n" * 48, []),
    ],
)
def test_one_line_too_many_is_found(source: str, expected: list[str]) -> None:
    assert list(too_long(source)) == expected
