"""The files of a new resource, and the lines by which the others learn of it."""

import pprint
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Template
from typing import Final

from service_devkit.contract.values import Node
from service_devkit.scaffold.resource import BASE, Resource, ScaffoldError, Stub

TEMPLATES: Final = Path(__file__).parent / "templates"
# Where a service puts templates of its own, which take the place of those with the same name.
OVERRIDES: Final = ".devkit/scaffold"
ORDER: Final = ("create", "list", "read", "update", "delete")
WRITES: Final = {"create", "update", "delete"}
PUBLIC_OPERATIONS: Final = 'PUBLIC_OPERATIONS: frozenset[str] = frozenset()  # such as "GET /api/v1/news"\n'
_METHOD: Final = {"create": "POST", "list": "GET", "read": "GET", "update": "PATCH", "delete": "DELETE"}


def files_of(resource: Resource, root: Path) -> Mapping[str, str]:
    """The text of each new file by its path."""
    noun = resource.module
    statements = [f"service.{action}.statement" for action in ("read", "list") if action in resource.actions]
    written = {
        f"app/models/{noun}.py": _text(root, resource, "model"),
        f"app/services/{noun}.py": _text(root, resource, "service", *statements, *_parts(resource, "service")),
        f"app/api/v1/{noun}.py": _text(root, resource, "route", *_public(resource), *_parts(resource, "route"))
        + "".join(_stubs(root, resource)),
        f"tests/api/v1/test_{noun}.py": _text(root, resource, "test", *_parts(resource, "test")),
        f"tests/api/permissions/{noun}.py": _text(root, resource, "permissions"),
        f"tests/api/queries/{noun}.py": _text(root, resource, "queries"),
    }
    if "create" in resource.actions:
        return written
    return {path: text for path, text in written.items() if not path.startswith(("app/services/", "tests/api/v1/"))}


def lines_of(resource: Resource) -> Iterator[tuple[str, str, str]]:
    """The lines for files that list every resource: the file, the line after which they come, and the lines."""
    noun, constant = resource.module, resource.module.upper()
    name = noun.replace("_", "-")
    yield (
        "app/core/permissions.py",
        '    PROFILE_WRITE = "profile:write"\n',
        f'    {constant}_READ = "{name}:read"\n    {constant}_WRITE = "{name}:write"\n',
    )
    both = f"Permission.{constant}_READ, Permission.{constant}_WRITE"
    yield (
        "app/core/permissions.py",
        "    (Role.VIEWER, Permission.PROFILE_READ),\n",
        f"    (Role.MEMBER, {both}),\n    (Role.STAFF, {both}),\n    (Role.VIEWER, Permission.{constant}_READ),\n",
    )
    yield (
        "app/api/resources.py",
        "from fastapi import APIRouter\n\n",
        f"from app.api.v1.{noun} import router as {noun}_router\n",
    )
    yield (
        "app/api/resources.py",
        "RESOURCES: list[APIRouter] = []\n",
        f"RESOURCES.append({noun}_router)\n",
    )
    if public := [each for each in resource.stubs if each.is_public]:
        named = ", ".join(f'"{each.method.upper()} {BASE}{each.path}"' for each in public)
        yield (
            "app/api/resources.py",
            "from fastapi import APIRouter\n\n",
            f"from app.api.v1.{noun} import public_router as public_{noun}_router\n",
        )
        yield (
            "app/api/resources.py",
            PUBLIC_OPERATIONS,
            f"PUBLIC_RESOURCES.append(public_{noun}_router)\nPUBLIC_OPERATIONS |= {{{named}}}\n",
        )


def write(resource: Resource, root: Path) -> list[str]:
    """Write the files and add the lines; the paths of both.

    Raises:
        ScaffoldError: a file is there already, or a line is missing; nothing was written then.
    """
    files, lines = files_of(resource, root), list(lines_of(resource))
    if present := [path for path in files if (root / path).exists()]:
        raise ScaffoldError(f"{', '.join(present)}: there already, and nothing is overwritten")
    if lost := [path for path, after, _ in lines if after not in (root / path).read_text(encoding="utf-8")]:
        raise ScaffoldError(f"{lost[0]}: the line is gone after which a resource is listed; list it by hand")
    for path, text in files.items():
        (root / path).write_text(text, encoding="utf-8")
    for path, after, added in lines:
        text = (root / path).read_text(encoding="utf-8")
        (root / path).write_text(text.replace(after, after + added, 1), encoding="utf-8")
    touched = [*files, *dict.fromkeys(path for path, _, _ in lines)]
    for arguments in (("check", "--fix-only", "--quiet"), ("format", "--quiet")):
        subprocess.run([sys.executable, "-m", "ruff", *arguments, *touched], cwd=root, check=True)  # noqa: S603 - our own command
    return touched


def _parts(resource: Resource, layer: str) -> list[str]:
    return [f"{layer}.{action}" for action in ORDER if action in resource.actions]


def _public(resource: Resource) -> list[str]:
    return ["route.public"] if any(each.is_public for each in resource.stubs) else []


def _stubs(root: Path, resource: Resource) -> Iterator[str]:
    """The routes that are left to be written."""
    for stub in resource.stubs:
        yield _filled(_template(root, "route.stub"), {**_values(resource), **_values_of(resource, stub)})


def _values_of(resource: Resource, stub: Stub) -> dict[str, str]:
    caller = [] if stub.is_public else [f"_user: {'MayRead' if stub.method == 'get' else 'MayWrite'}"]
    arguments = [f"{name}: {kind}" for name, kind in stub.parameters.items()]
    arguments += [f"data: {stub.body}"] if stub.body else []
    return {
        "stub": stub.name,
        "router": "public_router" if stub.is_public else "router",
        "method": stub.method,
        "stub_path": stub.path if stub.is_public or "{" in resource.path else stub.path.removeprefix(resource.prefix),
        "status": stub.status,
        "answer": stub.answer or "None",
        "response_model": f"response_model={stub.answer}, " if stub.answer else "",
        "arguments": ", ".join([*arguments, *caller]),
    }


def _text(root: Path, resource: Resource, *templates: str) -> str:
    """The templates one after the other, filled in; the linter takes out the imports that are not needed."""
    values = _values(resource)
    return "".join(_filled(_template(root, name), values) for name in templates)


def _values(resource: Resource) -> dict[str, str]:
    without = f"exclude={set(resource.unwritten)!r}" if resource.unwritten else ""
    parent = _parent(resource)
    stubs = sorted({each for stub in resource.stubs for each in (stub.body, stub.answer) if each})
    return {
        "about": resource.about,
        "tag": resource.tag,
        "item": resource.item,
        "module": resource.module,
        "constant": resource.module.upper(),
        "path": resource.path,
        "prefix": "" if "{" in resource.path else resource.prefix,
        "identifier": resource.identifier,
        "imports": "from datetime import date, datetime, time, timedelta\nfrom decimal import Decimal",
        "owner": parent[0],
        "owner_table": parent[1],
        "columns": "\n".join(f"    {name}: {line}" for name, line in resource.columns.items()),
        "checks": f"    __table_args__ = ({', '.join(resource.checks)},)\n" if resource.checks else "",
        "without": without,
        "and_without": f", {without}" if without else "",
        "schemas": "".join(f", {name}" for name in stubs),
        "created": _literal(resource.created),
        "changed": _literal(resource.changed),
        "permissions": "\n".join(f'    "{operation}": "{name}",' for operation, name in _permissions(resource)),
        **resource.actions,
    }


def _parent(resource: Resource) -> tuple[str, str]:
    """The column of whom or what a row belongs to, and its table: the caller, or what stands before it in the path."""
    found = re.search(r"([^/]+)/\{(\w+)\}/[^/{}]+$", resource.path)
    return (found[2], found[1].replace("-", "_")) if found else ("owner_id", "users")


def _template(root: Path, name: str) -> Path:
    own = root / OVERRIDES / f"{name}.txt"
    return own if own.is_file() else TEMPLATES / f"{name}.txt"


def _filled(template: Path, values: Mapping[str, str]) -> str:
    """The text of a template.

    Raises:
        ScaffoldError: it asks for a value that there is not; a dollar sign of its own is written `$$`.
    """
    try:
        return Template(template.read_text(encoding="utf-8")).substitute(values)
    except (KeyError, ValueError) as error:
        raise ScaffoldError(
            f"{template}: {error}; the values are {', '.join(sorted(values))}, a dollar sign is $$"
        ) from None


def _permissions(resource: Resource) -> Iterator[tuple[str, str]]:
    for action in resource.actions:
        path = resource.path if action in {"create", "list"} else f"{resource.path}/" + "{" + resource.identifier + "}"
        yield (
            f"{_METHOD[action]} {path}",
            f"{resource.module.replace('_', '-')}:{'write' if action in WRITES else 'read'}",
        )
    for stub in resource.stubs:
        if not stub.is_public:
            kind = "read" if stub.method == "get" else "write"
            yield f"{stub.method.upper()} {BASE}{stub.path}", f"{resource.module.replace('_', '-')}:{kind}"


def _literal(value: Node) -> str:
    return pprint.pformat(value, width=100, sort_dicts=False)
