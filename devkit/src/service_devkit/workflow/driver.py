"""A merge driver of git: `python driver.py BASE OURS THEIRS PATH REPORT` writes the result into OURS, and ends with 1 where a person must decide.

Two sides that only added at the same place are both taken; imports become one set. Everything else stays a conflict. The result must parse, and
no name may stand in it twice that stood once on each side. What it found is a line of JSON in REPORT.
"""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

MARK: Final = 23  # longer than git's seven, so that a text about conflicts is none
_MOST_CONFLICTS: Final = 127
_HUNK: Final = re.compile(
    rf"^<{{{MARK}}} ours\n(.*?)^\|{{{MARK}}} base\n(.*?)^={{{MARK}}}\n(.*?)^>{{{MARK}}} theirs\n",
    re.DOTALL | re.MULTILINE,
)


class Merge:
    """Three versions of a file, and what becomes of them."""

    def __init__(self, path: str, base: str, ours: str, theirs: str, marked: str) -> None:
        self.path, self.base, self.ours, self.theirs = path, base, ours, theirs
        self.left: list[tuple[str, str]] = []
        self.text = _HUNK.sub(self._solved, marked)
        self.problem = "both changed the same lines" if self.left else self._fault()
        if not self.base.strip() and self.ours.strip() and self.theirs.strip():
            self.problem = "both added this file"
        if self.problem:
            self.text = as_of_git(self.text if self.left else marked)
            self.left = self.left or [(ours, theirs) for ours, _, theirs in _HUNK.findall(marked)]

    def _solved(self, hunk: re.Match[str]) -> str:
        ours, base, theirs = hunk.groups()
        solved = _one_set(ours, base, theirs) if self.path.endswith(".py") else None
        if solved is None and not base.strip():
            solved = _both(ours, theirs, is_python=self.path.endswith(".py"))
        if solved is None:
            self.left.append((ours, theirs))
            return hunk[0]
        return solved

    def _fault(self) -> str | None:
        """Why the result cannot be right."""
        try:
            before = [Counter(names(self.path, text)) for text in (self.ours, self.theirs)]
        except (ValueError, SyntaxError):
            return "one side does not parse"
        try:
            after = Counter(names(self.path, self.text))
        except (ValueError, SyntaxError):
            return "what both added does not parse together"
        twice = sorted(name for name, count in after.items() if count > max(1, *(side[name] for side in before)))
        if twice:
            return f"both added {', '.join(twice)}"
        lost = sorted((before[0] | before[1]) - (after | self._dropped(before)))
        return f"the result lacks {', '.join(lost)}" if lost else None

    def _dropped(self, sides: list[Counter[str]]) -> Counter[str]:
        """The names that one side took away."""
        base = Counter(names(self.path, self.base))
        return (base - sides[0]) | (base - sides[1])


def as_of_git(text: str) -> str:
    """The text with conflict markers of git's own length."""
    return re.sub(rf"^([<|=>])\1{{{MARK - 1}}}(?= |$)", lambda found: found[1] * 7, text, flags=re.MULTILINE)


def names(path: str, text: str) -> Iterator[str]:
    """What a text defines, with the place around it; `ValueError` where it cannot be read."""
    if path.endswith(".py"):
        yield from _names_of_python(ast.parse(text), "")
    elif path.endswith((".yaml", ".yml")):
        yield from _names_of_yaml(text)
    elif path.endswith(".toml"):
        tomllib.loads(text)  # refuses a key that stands twice
    elif path.endswith(".example"):
        yield from re.findall(r"^#?([A-Z][A-Z0-9_]*)=", text, re.MULTILINE)


def _names_of_python(node: ast.AST, place: str) -> Iterator[str]:
    """Functions, classes and their routes, what is assigned in a module or a class, and a key that stands twice in one dictionary."""
    for child in ast.iter_child_nodes(node):
        inside = place
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inside = f"{place}{child.name}."
            yield f"{place}{child.name}"
            yield from (ast.unparse(each) for each in child.decorator_list if _is_route(each))
        elif isinstance(node, ast.Module | ast.ClassDef) and isinstance(child, ast.Assign | ast.AnnAssign):
            targets = child.targets if isinstance(child, ast.Assign) else [child.target]
            yield from (f"{place}{target.id}" for target in targets if isinstance(target, ast.Name))
        elif isinstance(child, ast.Dict):
            keys = Counter(ast.unparse(key) for key in child.keys if isinstance(key, ast.Constant))
            yield from (f"{place}[{key}]" for key, count in keys.items() if count > 1 for _ in range(count))
        yield from _names_of_python(child, inside)


def _is_route(decorator: ast.expr) -> bool:
    """Whether it registers an address, as `@router.get("/plans")` does."""
    return isinstance(decorator, ast.Call) and bool(decorator.args) and ast.unparse(decorator.args[0])[1:2] == "/"


def _names_of_yaml(text: str) -> Iterator[str]:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None
    yield from _keys(root, "")


def _keys(node: "yaml.Node | None", place: str) -> Iterator[str]:
    """The keys of mappings in mappings; those in a list have no place that lasts, so there a key that stands twice is all that is seen."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield f"{place}{key.value}"
            yield from _keys(value, f"{place}{key.value} > ")
    elif isinstance(node, yaml.SequenceNode):
        for each in node.value:
            keys = Counter(_keys(each, place))
            yield from (key for key, count in keys.items() if count > 1 for _ in range(count))


def _both(ours: str, theirs: str, *, is_python: bool) -> str:
    apart = is_python and re.match(r"(@|def |class |async def )", theirs.lstrip("\n"))
    return ours.rstrip("\n") + "\n\n\n" + theirs.lstrip("\n") if apart and ours.strip() else ours + theirs


def _one_set(ours: str, base: str, theirs: str) -> str | None:
    """Imports of both sides without those that one of them took away; None where there is anything else."""
    sides = [_imports(text) for text in (ours, base, theirs)]
    if not any(sides) or any(side is None for side in sides):
        return None
    first, old, second = (set(side or ()) for side in sides)
    kept = (first | second) - (old - first) - (old - second)
    modules = dict.fromkeys(each[0] for each in [*(sides[0] or ()), *(sides[2] or ())])
    return "".join(_import_line(module, sorted(name for where, name in kept if where == module)) for module in modules)


def _imports(text: str) -> list[tuple[str, str]] | None:
    """Module and name of each import; None where a line is no import, or has a comment that would be lost."""
    try:
        body = ast.parse(text).body
    except SyntaxError:
        return None
    if "#" in text or any(not isinstance(node, ast.Import | ast.ImportFrom) for node in body):
        return None
    found = []
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = "." * node.level + (node.module or "") if isinstance(node, ast.ImportFrom) else ""
            found += [(module, ast.unparse(alias)) for alias in node.names]
    return found


def _import_line(module: str, imported: list[str]) -> str:
    if not module:
        return "".join(f"import {name}\n" for name in imported)
    return f"from {module} import {', '.join(imported)}\n" if imported else ""


def main(base: str, ours: str, theirs: str, path: str, report: str) -> int:
    """Merge three files."""
    labels = ["-L", "ours", "-L", "base", "-L", "theirs"]
    command = ["git", "merge-file", "-p", "--diff3", f"--marker-size={MARK}", *labels, ours, base, theirs]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - git from PATH
    if not 0 <= done.returncode <= _MOST_CONFLICTS:
        return 1  # binary, or an error: our side stays as it is
    try:
        before, mine, other = (Path(name).read_bytes().decode() for name in (base, ours, theirs))
        merge = Merge(path, before, mine, other, done.stdout.decode())
    except UnicodeDecodeError:
        return 1
    Path(ours).write_bytes(merge.text.encode())
    solved = done.returncode != 0 and not merge.problem
    with Path(report).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"path": path, "solved": solved, "problem": merge.problem, "hunks": merge.left}) + "\n")
    return 1 if merge.problem else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
