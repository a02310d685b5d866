"""The files of a new resource, and the lines by which the others learn of it."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Template
from typing import Final

from service_devkit.project import tool
from service_devkit.scaffold.access import ScaffoldError
from service_devkit.scaffold.resource import BASE, Resource
from service_devkit.scaffold.samples import samples
from service_devkit.scaffold.values import client_of, values_of, values_of_stub

TEMPLATES: Final = Path(__file__).parent / "templates"
# Where a service puts templates of its own, which take the place of those with the same name.
OVERRIDES: Final = ".devkit/scaffold"
ORDER: Final = ("create", "list", "read", "update", "delete")
PERMISSIONS: Final = "app/core/permissions.py"
PUBLIC_OPERATIONS: Final = 'PUBLIC_OPERATIONS: frozenset[str] = frozenset()  # such as "GET /api/v1/news"\n'
READERS: Final = ("member", "staff", "viewer")
WRITERS: Final = ("member", "staff")


def files_of(resource: Resource, root: Path) -> Mapping[str, str]:
    """The text of each new file by its path."""
    noun = resource.module
    written = {
        f"app/models/{noun}.py": _text(root, resource, "model"),
        f"app/schemas/additions/{noun}.py": _text(root, resource, "query"),
        f"app/services/{noun}.py": _text(root, resource, "service", *_service(resource)),
        f"app/api/v1/{noun}.py": _text(root, resource, "route", *_routes(resource)) + "".join(_stubs(root, resource)),
        f"tests/api/v1/test_{noun}.py": _text(root, resource, "test", *_tests(resource)),
        f"tests/api/permissions/{noun}.py": _text(root, resource, "permissions"),
        f"tests/api/queries/{noun}.py": _text(root, resource, _for_parent(resource, "queries")),
    }
    left_out = [] if resource.listing.fields else ["app/schemas/additions/"]
    left_out += [] if resource.actions else ["app/services/"]
    left_out += [] if "create" in resource.actions else ["tests/api/v1/"]
    return {path: text for path, text in written.items() if not path.startswith(tuple(left_out))}


def lines_of(resource: Resource, *, nobody_signs_in: bool = False) -> Iterator[tuple[str, str, str]]:
    """The lines for files that list every resource: the file, the line after which they come, and the lines."""
    noun, constant = resource.module, resource.module.upper()
    name = noun.replace("_", "-")
    yield (
        PERMISSIONS,
        '    PROFILE_WRITE = "profile:write"\n',
        f'    {constant}_READ = "{name}:read"\n    {constant}_WRITE = "{name}:write"\n',
    )
    yield (
        PERMISSIONS,
        "    (Role.VIEWER, Permission.PROFILE_READ),\n",
        "".join(_grants(resource, nobody_signs_in=nobody_signs_in)),
    )
    resources, imports = "app/api/resources.py", "from fastapi import APIRouter\n\n"
    yield resources, imports, f"from app.api.v1.{noun} import router as {noun}_router\n"
    yield resources, "RESOURCES: list[APIRouter] = []\n", f"RESOURCES.append({noun}_router)\n"
    if public := [*_public_operations(resource)]:
        named = ", ".join(f'"{each}"' for each in public)
        yield resources, imports, f"from app.api.v1.{noun} import public_router as public_{noun}_router\n"
        yield (
            resources,
            PUBLIC_OPERATIONS,
            f"PUBLIC_RESOURCES.append(public_{noun}_router)\nPUBLIC_OPERATIONS |= {{{named}}}\n",
        )


def write(resource: Resource, root: Path) -> list[str]:
    """Write the files and add the lines; the paths of both.

    Raises:
        ScaffoldError: a file is there already, a line is missing, or a role is, or a table that an id names; nothing was written then.
    """
    files, lines = files_of(resource, root), list(lines_of(resource, nobody_signs_in=nobody_signs_in(root)))
    if present := [path for path in files if (root / path).exists()]:
        raise ScaffoldError(f"{', '.join(present)}: there already, and nothing is overwritten")
    if lost := [path for path, after, _ in lines if after not in (root / path).read_text(encoding="utf-8")]:
        raise ScaffoldError(f"{lost[0]}: the line is gone after which a resource is listed; list it by hand")
    _check_references(resource, root)
    _check_roles(resource, (root / PERMISSIONS).read_text(encoding="utf-8"))
    for path, text in files.items():
        (root / path).write_text(text, encoding="utf-8")
    for path, after, added in lines:
        text = (root / path).read_text(encoding="utf-8")
        (root / path).write_text(text.replace(after, after + added, 1), encoding="utf-8")
    touched = [*files, *dict.fromkeys(path for path, _, _ in lines)]
    for arguments in (("check", "--fix-only", "--quiet"), ("format", "--quiet")):
        subprocess.run([sys.executable, "-m", "ruff", *arguments, *touched], cwd=root, check=True)  # noqa: S603 - our own command
    return touched


def left_of(resource: Resource, root: Path) -> Iterator[str]:
    """What a person must write, or look at."""
    yield from resource.left
    writers = resource.access.writers
    if writers and nobody_signs_in(root) and "member" not in writers:
        yield f"nobody signs in here, so everybody is one member, who may write {resource.tag} too: {PERMISSIONS}"
    if (client := client_of(writers)) not in ("client", "staff"):
        yield f"the fixture {client} of the tests, as `staff` in tests/plugins/client.py"


def nobody_signs_in(root: Path) -> bool:
    """Whether everybody is one caller, whom a gateway lets in."""
    return "authorizations" not in tool(root, "devkit")


def _grants(resource: Resource, *, nobody_signs_in: bool) -> Iterator[str]:
    """A line for each role: a caller that stands for everybody may write what only some would."""
    constant, writers = resource.module.upper(), resource.access.writers or WRITERS
    if nobody_signs_in:
        writers = (*writers, "member")
    for role in dict.fromkeys((*READERS, *writers)):
        permissions = ("READ", "WRITE") if role in writers else ("READ",)
        yield f"    (Role.{role.upper()}, {', '.join(f'Permission.{constant}_{each}' for each in permissions)}),\n"


def _check_references(resource: Resource, root: Path) -> None:
    """Every table that an id names is there, but its own."""
    for each in resource.references.values():
        if each.table != resource.module and not (root / f"app/models/{each.table}.py").exists():
            said = f'{each.column} names one of {each.table}, which are not there yet: just scaffold "{each.tag}" first'
            if each.names_back:
                said = (
                    f"{each.column} names one of {each.table}, which are not there yet and name {resource.tag}: take {each.column} out of "
                    f'{resource.item}Create and {resource.item}Read, just generate, just scaffold "{resource.tag}", then "{each.tag}"; then put it '
                    "back, just generate, and write its column with a ForeignKey by hand"
                )
            raise ScaffoldError(said)


def _check_roles(resource: Resource, permissions: str) -> None:
    roles = re.findall(
        r'^    \w+ = "(\w+)"$', permissions.partition("class Role(")[2].partition("\n\n\n")[0], re.MULTILINE
    )
    if unknown := [each for each in resource.access.writers if each not in roles]:
        raise ScaffoldError(f"{PERMISSIONS} has no role {unknown[0]}; it has {', '.join(roles)}")


def _public_operations(resource: Resource) -> Iterator[str]:
    for action in ORDER:
        if action in resource.public:
            yield f"GET {resource.path}" + (f"/{{{resource.identifier}}}" if action == "read" else "")
    yield from (f"{each.method.upper()} {BASE}{each.path}" for each in resource.stubs if each.is_public)


def _for_parent(resource: Resource, template: str) -> str:
    return f"{template}.child" if resource.access.parent else template


def _service(resource: Resource) -> list[str]:
    """The parts of the service in their order."""
    is_child, types = resource.access.parent is not None, list[str]()
    parts = {each: [f"service.{each}"] for each in ORDER if each in resource.actions}
    if is_child and "create" in parts:
        parts["create"] = ["service.create.child"]
    if "read" in parts:
        types.append("service.row")
    if "list" in parts:
        types.append("service.rows")
        parts["list"] = [*(["service.filters"] if resource.listing.filters else []), *_list(resource)]
    needs_found = is_child or parts.keys() - {"create"}
    ends = ["service.parent"] * is_child + ["service.found"] * bool(needs_found)
    return [*types, *(name for names in parts.values() for name in names), *ends]


def _list(resource: Resource) -> list[str]:
    """The parts of the list: newest first, or in an order that is asked for."""
    listing = resource.listing
    if not listing.sorts:
        return ["service.list" if listing.is_plain else "service.search"]
    return ["service.sort", *(["service.after"] if listing.has_after else []), "service.sort.end"]


def _tests(resource: Resource) -> Iterator[str]:
    """The tests in their order."""
    listing, is_child = resource.listing, resource.access.parent is not None
    wanted = {
        "needs": bool(resource.needs[0]),
        "make": True,
        "child": is_child,
        "create": True,
        "create.child": is_child,
        "list": "list" in resource.actions and listing.first == "-created_at",
        "list.child": "list" in resource.actions and is_child,
        "search": any(samples(listing, resource.created, without=resource.references)),
        "sort": bool(listing.turned),
        "after": listing.has_after,
        "read": "read" in resource.actions,
        "owner": resource.access.is_owned and bool(resource.actions.keys() & {"read", "update", "delete"}),
        "update": "update" in resource.actions,
        "delete": "delete" in resource.actions,
    }
    yield from (f"test.{name}" for name, is_wanted in wanted.items() if is_wanted)


def _routes(resource: Resource) -> Iterator[str]:
    """The parts of the routes in their order."""
    yield from ["route.public"] if any(_public_operations(resource)) else []
    for action in ORDER:
        if action in resource.actions:
            yield "route.search" if action == "list" and not resource.listing.is_plain else f"route.{action}"


def _stubs(root: Path, resource: Resource) -> Iterator[str]:
    """The routes that are left to be written."""
    for stub in resource.stubs:
        yield _filled(_template(root, "route.stub"), {**values_of(resource), **values_of_stub(resource, stub)})


def _text(root: Path, resource: Resource, *templates: str) -> str:
    """The templates one after the other, filled in; the linter takes out the imports that are not needed."""
    values = values_of(resource)
    return "".join(_filled(_template(root, name), values) for name in templates)


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
