"""What stands in the templates for one resource."""

import pprint
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from service_devkit.contract.values import Json, Node
from service_devkit.scaffold.access import Parent
from service_devkit.scaffold.listing import Filter
from service_devkit.scaffold.references import Step
from service_devkit.scaffold.resource import BASE, Resource, Stub
from service_devkit.scaffold.samples import samples

NOBODY: Final = "00000000-0000-4000-8000-000000000000"
WRITES: Final = {"create", "update", "delete"}
_METHOD: Final = {"create": "POST", "list": "GET", "read": "GET", "update": "PATCH", "delete": "DELETE"}


def values_of(resource: Resource) -> dict[str, str]:
    """The values by their names."""
    columns = resource.columns
    without = f"exclude={set(columns.unwritten)!r}" if columns.unwritten else ""
    stubs = sorted({each for stub in resource.stubs for each in (stub.body, stub.answer) if each})
    return {
        "about": resource.about,
        "tag": resource.tag,
        "item": resource.item,
        "module": resource.module,
        "constant": resource.module.upper(),
        "path": resource.path,
        "prefix": resource.prefix,
        "collection": resource.path.removeprefix(BASE).removeprefix(resource.prefix),
        "identifier": resource.identifier,
        "imports": "from datetime import UTC, date, datetime, time, timedelta\nfrom decimal import Decimal",
        "columns": "\n".join(f"    {name}: {line}" for name, line in columns.lines.items()),
        "checks": f"    __table_args__ = ({', '.join(columns.checks)},)\n" if columns.checks else "",
        "without": without,
        "and_without": f", {without}" if without else "",
        "schemas": "".join(f", {name}" for name in stubs),
        "created": literal(resource.created),
        "others": f"[{{}}, {', '.join(map(literal, resource.others))}]",
        "changed_line": f"CHANGED = {literal(resource.changed)}\n" if "update" in resource.actions else "",
        "permissions": "\n".join(f'    "{operation}": "{name}",' for operation, name in _permissions(resource)),
        **_of_access(resource),
        **_of_routes(resource),
        **_of_creation(resource),
        **_of_listing(resource),
        **_of_tests(resource),
        **_of_needs(resource),
        **resource.actions,
    }


def values_of_stub(resource: Resource, stub: Stub) -> dict[str, str]:
    """The values of an operation that is left."""
    caller = [] if stub.is_public else [f"_user: {'MayRead' if stub.method == 'get' else 'MayWrite'}"]
    arguments = [f"{name}: {kind}" for name, kind in stub.parameters.items()]
    arguments += [f"data: {stub.body}"] if stub.body else []
    return {
        "stub": stub.name,
        "router": "public_router" if stub.is_public else "router",
        "method": stub.method,
        "stub_path": stub.path.removeprefix(resource.prefix),
        "status": stub.status,
        "answer": stub.answer or "None",
        "arguments": ", ".join([*arguments, *caller]),
        "unused": f"    del {', '.join([*stub.parameters, *(['data'] if stub.body else [])])}  # until it is written\n"
        if stub.parameters or stub.body
        else "",
        "errors": f", responses=problems({', '.join(stub.errors)})" if stub.errors else "",
    }


def literal(value: Json) -> str:
    """A value as it stands in Python."""
    return pprint.pformat(value, width=100, sort_dicts=False)


def _of_access(resource: Resource) -> dict[str, str]:
    """Whose the rows are: the columns, parameters and conditions that follow from it."""
    access, item, passed = resource.access, resource.item, _passed(resource)
    column, table = access.foreign_key or ("", "")
    key = f'    {column}: Mapped[UUID] = mapped_column(ForeignKey("{table}.id", ondelete="CASCADE"))\n'
    condition = f"{item}.{column}.in_(parent)" if access.parent else f"{item}.{column} == {column}"
    return {
        "whose": "the owner's " if access.is_owned else "the ",
        "missing": "there is none, or it is somebody else's" if access.is_owned else "there is none",
        "rule": _rule(resource),
        "key": key if column else "",
        "index": f"{item}.{column}, " if column else "",
        "parameters": "".join(f"{name}: UUID, " for name in _scope(resource)),
        "scope": f"    parent = _parent({passed})\n" if access.parent else "",
        "user_given": "".join(
            f"{each}, " for each in [passed.replace("owner_id=owner_id", "owner_id=user.id")] if each
        ),
        "owned_by": f"{column}={column}, " if column else "",
        "condition": condition if column else "",
        "and_condition": f", {condition}" if column else "",
        "where": f".where({condition})" if column else "",
        "last_condition": f"last.{column} == {column}, " if column else "",
        **(_of_parent(resource, access.parent) if access.parent else _WITHOUT_PARENT),
    }


_WITHOUT_PARENT: Final = {
    "path_arguments": "",
    "none_here": "count",
    "address": "PATH",
    "and_path": "",
    "list_raises": "",
    "also_404": "",
    "list_404": "",
    "check_parent": "",
    "parent_import": "",
}


def _of_parent(resource: Resource, parent: Parent) -> dict[str, str]:
    """What the parts about a parent need; `none_here` counts where a page is empty."""
    owned = f", {parent.item}.owner_id == owner_id" if parent.is_owned else ""
    missing = f"there is no such {spoken(parent.item)}" + (", or it is somebody else's" if parent.is_owned else "")
    return {
        "path_arguments": f"{parent.parameter}: UUID, ",
        "none_here": "parent.add_columns(count.scalar_subquery())",
        "address": "path",
        "and_path": ", path: str",
        "no_parent": missing,
        "list_raises": f"\n\n    Raises:\n        NotFound: {missing}.\n    ",
        "also_404": ", 404",
        "list_404": "404, ",
        "check_parent": "        if not rows:\n            _found(await reader.row(parent))\n",
        "parent_import": f"from app.models.{parent.module} import {parent.item}",
        "parent_item": parent.item,
        "parent_path": parent.path,
        "parent_parameter": parent.parameter,
        "parent_parameters": ", ".join(f"{name}: UUID" for name in _scope(resource)),
        "parent_condition": f"{parent.item}.id == {parent.parameter}{owned}",
        "below_parent": resource.path.partition("}")[2],
    }


def _scope(resource: Resource) -> list[str]:
    """The ids that say whose the rows are."""
    access = resource.access
    return ["owner_id"] * access.is_owned + ([access.parent.parameter] if access.parent else [])


def _passed(resource: Resource) -> str:
    return ", ".join(f"{name}={name}" for name in _scope(resource))


def _rule(resource: Resource) -> str:
    access = resource.access
    if access.is_owned:
        return " Each belongs to one person, and nobody else can see that it exists."
    return f" They belong to nobody: {' and '.join(access.writers)} write them." if access.writers else ""


def spoken(item: str) -> str:
    """The name of a class as a word."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", item).lower()


def _of_routes(resource: Resource) -> dict[str, str]:
    """By action, which router it stands on and who calls."""
    found = {"user": "user" if resource.access.is_owned else "_user"}
    for action in resource.actions:
        is_public = action in resource.public
        found[f"{action}_router"] = "public_router" if is_public else "router"
        found[f"{action}_promised"] = "".join(f", {each}" for each in resource.promised[action])
        may = "MayWrite" if action in WRITES else "MayRead"
        found[f"{action}_caller"] = "" if is_public else f"{found['user']}: {may}, "
    return found


def _of_creation(resource: Resource) -> dict[str, str]:
    """How one is made: where it can be read, the answer says where."""
    call = f"await {resource.module}.create(session, {_of_access(resource)['user_given']}data=data)"
    if "read" not in resource.actions:
        return {"says_where": "", "response_arguments": "", "making": f"    return {call}", "location_test": ""}
    address = _of_access(resource)["address"]
    return {
        "says_where": "created() | ",
        "response_arguments": ", request: Request, response: Response",
        "making": f'    made = {call}\n    response.headers["Location"] = f"{{request.url.path}}/{{made.id}}"\n    return made',
        "location_test": f'    assert response.headers["location"] == f"{{{address}}}/{{response.json()[\'id\']}}"\n',
    }


def _of_needs(resource: Resource) -> dict[str, str]:
    """What is made before, since bodies name it: for the tests by who may, for the tables of statements by one caller."""
    steps, ids = resource.needs
    above, above_ids = resource.parent_needs
    own = client_of(resource.access.writers)
    clients = list(dict.fromkeys(client_of(each.writers) for each in steps))
    above_clients = [each for each in dict.fromkeys(client_of(step.writers) for step in above) if each != own]
    everybody = {own, *clients, *above_clients}
    caller = own if len(everybody) == 1 else "staff"
    changed = {name: step for name, step in ids.items() if name in resource.changed}
    bodies = {f"POST {resource.path}": "created[1]"}
    if changed:
        bodies[f"PATCH {resource.path}/{{{resource.identifier}}}"] = literal_with(resource.changed, changed)
    said = ", ".join(f'"{operation}": {body}' for operation, body in bodies.items())
    return {
        "client_line": f'CLIENT = "{caller}"\n' if caller != "client" else "",
        "need_clients": "".join(f", {each}: httpx2.AsyncClient" for each in clients),
        "others_here": "for number, other in enumerate(OTHERS)" if _differ(steps) else "for other in OTHERS",
        "needed_each": _lines(steps, number="number"),
        "set_others": "\n".join(
            f'        monkeypatch.setitem(other, "{name}", {step}["id"])' for name, step in ids.items()
        ),
        "set_ids": "\n".join(
            f'    monkeypatch.setitem({body}, "{name}", OTHERS[0]["{name}"])'
            for body, named in (("CREATED", ids), ("CHANGED", changed))
            for name in named
        ),
        "given_above": _lines(above, "client"),
        "given_created": _given(resource),
        "one_created": "created[0]" if ids else "created",
        "bodies": f", bodies={{{said}}}" if ids else "",
        "and_above_clients": "".join(f", {each}: httpx2.AsyncClient" for each in above_clients),
        "needed_above": _lines(above),
        "parent_created": literal_with(resource.access.parent.created, above_ids) if resource.access.parent else "",
    }


def _given(resource: Resource) -> str:
    """The lines with the body of the one that is there, and where the contract's example of another names what must be there, with that: a table may want no two that are equal."""
    steps, ids = resource.needs
    another = {**resource.created, **resource.others[0]}
    if not ids:
        return f"    created: Node = {literal(another)}\n"
    bodies: list[Json] = [
        {name: value for name, value in each.items() if name not in ids} for each in (another, resource.created)
    ]
    loop = "for number, body in enumerate(created)" if _differ(steps) else "for body in created"
    set_ids = "".join(f'        body["{name}"] = {step}["id"]\n' for name, step in ids.items())
    return f"    created: list[Node] = {literal(bodies)}\n    {loop}:\n{_lines(steps, 'client', number='number', count=2)}{set_ids}"


def _differ(steps: Iterable[Step]) -> bool:
    """Whether more of them can differ in more than what they name."""
    return any(any(each.others) for each in steps)


def _lines(steps: Iterable[Step], client: str = "", *, number: str = "", count: int = 3) -> str:
    """The lines that make them; by `client`, or each by who may; in a loop that makes `count`, `number` says which ones."""
    return "".join(
        f"{'    ' * (2 if number else 1)}{each.name} = (await {client or client_of(each.writers)}.post({_address(each)}, json={_body(each, number, count)})).json()\n"
        for each in steps
    )


def _body(step: Step, number: str, count: int) -> str:
    body = literal_with(step.body, step.ids)
    if not number or not any(step.others):
        return body
    return f"{body.removesuffix('}')}, **[{{}}, {', '.join(map(literal, step.others[: count - 1]))}][{number}]}}"


def _address(step: Step) -> str:
    return f"f\"{step.path}/{{{step.above}['id']}}{step.below}\"" if step.above else f'"{step.path}"'


def literal_with(body: Node, ids: Mapping[str, str]) -> str:
    """A body as it stands in Python, with the ids of what was made before."""
    text = literal({**body, **{name: f"<{step}>" for name, step in ids.items()}})
    return re.sub(r"'<(\w+)>'", r'\1["id"]', text) if ids else text


def _of_listing(resource: Resource) -> dict[str, str]:
    """What the list can be asked for."""
    listing, item = resource.listing, resource.item
    key = f"{item}.{resource.access.foreign_key[0]}, " if resource.access.foreign_key else ""
    indices = [f"Index(None, {key}{item}.{column}, {item}.id)" for column in listing.indexed]
    of_its_own = f"{item}Query"
    query = of_its_own if listing.fields else "CursorPaginationQuery"
    found = [_of_access(resource)["condition"], "*_filtered(query)" if listing.filters else ""]
    return {
        "indices": "\n".join(indices),
        "page": "CursorPagination" if listing.has_after else "Pagination",
        "query_type": query,
        "query_argument": f"Annotated[{query}, Query()]" if listing.fields else "CursorPagination",
        "fields": "\n".join(f"    {line}" for line in listing.fields),
        "filters": "\n".join(f'    "{each.name}": {_condition(each, item)},' for each in listing.filters),
        "found": ", ".join(filter(None, found)),
        "sorts": ", ".join(f'"{name}": {expression}' for name, expression in listing.sorts.items()),
        "sort": listing.sort,
    }


def _of_tests(resource: Resource) -> dict[str, str]:
    """Who calls in the tests, and with what."""
    access, listing = resource.access, resource.listing
    client = client_of(access.writers)
    reader = "anonymous" if "read" in resource.public else "client"
    calls = [("GET", "None", "read"), ("PATCH", "CHANGED", "update"), ("DELETE", "None", "delete")]
    orders: list[dict[str, str]] = [{"sort": each} for each in listing.sort_values] or [{}]
    owner = access.parent or resource
    return {
        "client": client,
        "reader": reader,
        "and_writer": f", {client}: httpx2.AsyncClient" if client != reader else "",
        "calls": ", ".join(f'("{method}", {body})' for method, body, action in calls if action in resource.actions),
        "owner_item": owner.item,
        "owner_module": owner.module,
        "samples": "\n".join(
            f"        ({query!r}, {count}),"
            for query, count in samples(listing, resource.created, without=resource.references)
        ),
        "turned": ", ".join(repr(each) for each in listing.turned),
        "orders": ", ".join(map(repr, orders)),
        "empty_queries": f'"", "?after={NOBODY}"' if listing.has_after else '""',
    }


def client_of(writers: tuple[str, ...]) -> str:
    """The fixture of the tests that writes."""
    if not writers or "member" in writers:
        return "client"
    return "staff" if "staff" in writers else writers[0]


def _condition(found: Filter, item: str) -> str:
    """What makes the condition of a value."""
    matches = [f"{item}.{each}" for each in found.conditions]
    if found.operator == "in":
        return matches[0]
    return f"lambda value: or_({', '.join(matches)})" if len(matches) > 1 else f"lambda value: {matches[0]}"


def _permissions(resource: Resource) -> Iterator[tuple[str, str]]:
    name = resource.module.replace("_", "-")
    for action in resource.actions:
        if action not in resource.public:
            path = resource.path if action in {"create", "list"} else f"{resource.path}/{{{resource.identifier}}}"
            yield f"{_METHOD[action]} {path}", f"{name}:{'write' if action in WRITES else 'read'}"
    for stub in resource.stubs:
        if not stub.is_public:
            yield f"{stub.method.upper()} {BASE}{stub.path}", f"{name}:{'read' if stub.method == 'get' else 'write'}"
