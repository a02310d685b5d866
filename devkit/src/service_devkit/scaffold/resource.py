"""What the contract says about one noun."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from service_devkit.contract.operations import METHODS
from service_devkit.contract.schema import Schemas
from service_devkit.contract.values import Node, mapping, sequence
from service_devkit.scaffold.columns import columns_of

BASE: Final = "/api/v1"
# What can be written, by method and whether the path ends with an id.
ACTIONS: Final = {
    ("post", False): "create",
    ("get", False): "list",
    ("get", True): "read",
    ("patch", True): "update",
    ("delete", True): "delete",
}


class ScaffoldError(Exception):
    """The contract does not say enough."""


@dataclass(frozen=True)
class Stub:
    """An operation that is left to be written: its route, and what it takes and answers."""

    name: str
    method: str
    path: str
    parameters: dict[str, str]
    body: str
    answer: str
    status: str
    is_public: bool


@dataclass(frozen=True)
class Resource:
    """A noun with what may be done to it. `columns` are the lines of its model, `created` and `changed` examples of bodies.

    `unwritten` are properties that are sent and have no column; `left` says what a person must write.
    """

    tag: str
    about: str
    item: str
    path: str
    identifier: str
    actions: dict[str, str]
    columns: dict[str, str]
    checks: list[str]
    unwritten: list[str]
    created: Node
    changed: Node
    stubs: list[Stub]
    left: list[str]

    @property
    def module(self) -> str:
        """Its file name in every layer."""
        return self.tag.replace(" ", "_")

    @property
    def prefix(self) -> str:
        """Its path below the version of the API."""
        return self.path.removeprefix(BASE)


def resource_of(document: Node, tag: str) -> Resource:
    """The noun of a tag.

    Raises:
        ScaffoldError: names what is missing or cannot be written.
    """
    schemas = Schemas(document)
    about = next((mapping(each) for each in sequence(document.get("tags")) if mapping(each).get("name") == tag), None)
    found = _operations(document, tag)
    path = _collection(found)
    if about is None or path is None:
        raise ScaffoldError(
            f"the contract needs the tag {tag!r} with a description, and an operation that makes one: "
            "a POST whose body is a component called ...Create, such as BookCreate"
        )
    name = _sent(found["POST", path])
    item = name.removesuffix("Create")
    actions = {action: each for action, each in _actions(found, path) if not _is_public(each[1])}
    stubs = [
        _stub(document, method, where, operation)
        for (method, where), operation in found.items()
        if (where, operation) not in actions.values()
    ]
    columns = columns_of(schemas, _component(schemas, name), _component(schemas, f"{item}Read"))
    return Resource(
        tag=tag,
        about=str(about.get("description", tag)),
        item=item,
        path=path,
        identifier=_identifier(actions, item),
        actions={action: str(operation.get("operationId")) for action, (_, operation) in actions.items()},
        columns=columns.lines,
        checks=columns.checks,
        unwritten=columns.unwritten,
        created=_example(schemas, name),
        changed=_example(schemas, f"{item}Update") if "update" in actions else {},
        stubs=stubs,
        left=[*columns.left, *_left(stubs), *_unwritten_parameters(schemas, actions)],
    )


def _operations(document: Node, tag: str) -> dict[tuple[str, str], Node]:
    """The operations of a tag by method and path, with the parameters of the path."""
    return {
        (method.upper(), path): {
            **mapping(mapping(item)[method]),
            "parameters": [
                *sequence(mapping(item).get("parameters")),
                *sequence(mapping(mapping(item)[method]).get("parameters")),
            ],
        }
        for path, item in mapping(document.get("paths")).items()
        for method in METHODS
        if tag in sequence(mapping(mapping(item).get(method)).get("tags"))
    }


def _collection(found: dict[tuple[str, str], Node]) -> str | None:
    """The path of the operation that makes one: the shortest."""
    paths = [path for (method, path), each in found.items() if method == "POST" and _sent(each).endswith("Create")]
    return min((path for path in paths if not path.endswith("}")), key=len, default=None)


def _actions(found: dict[tuple[str, str], Node], path: str) -> Iterator[tuple[str, tuple[str, Node]]]:
    """What is done to the noun itself, as far as it can be written. What hangs on another noun cannot."""
    if "{" in path:
        return
    for (method, where), operation in found.items():
        action = ACTIONS.get((method.lower(), where.endswith("}")))
        if action and (where == path or re.fullmatch(re.escape(path) + r"/\{\w+\}", where)):
            yield action, (where, operation)


def _is_public(operation: Node) -> bool:
    return operation.get("security") == []


def _content(holder: Node) -> str:
    schema = mapping(mapping(mapping(holder.get("content")).get("application/json")).get("schema"))
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _sent(operation: Node) -> str:
    return _content(mapping(operation.get("requestBody")))


def _stub(document: Node, method: str, path: str, operation: Node) -> Stub:
    schemas = Schemas(document)
    responses = mapping(operation.get("responses"))
    status = next((each for each in responses if each.startswith("2")), "200")
    parameters = [schemas.target(each) for each in sequence(operation.get("parameters"))]
    return Stub(
        name=str(operation.get("operationId")),
        method=method.lower(),
        path=path.removeprefix(BASE),
        parameters={
            str(each.get("name")): "UUID" if schemas.target(each.get("schema")).get("format") == "uuid" else "str"
            for each in parameters
            if each.get("in") == "path"
        },
        body=_sent(operation),
        answer=_content(schemas.target(responses.get(status))),
        status=status,
        is_public=_is_public(operation),
    )


def _left(stubs: list[Stub]) -> Iterator[str]:
    for stub in stubs:
        yield f"{stub.method.upper()} {BASE}{stub.path} ({stub.name}): it answers that it is not written; write it, its parameters, its responses and its tests"


def _unwritten_parameters(schemas: Schemas, actions: dict[str, tuple[str, Node]]) -> Iterator[str]:
    for _, operation in actions.values():
        names = [str(schemas.target(each).get("name")) for each in sequence(operation.get("parameters"))]
        places = [schemas.target(each).get("in") for each in sequence(operation.get("parameters"))]
        for name, place in zip(names, places, strict=True):
            if place == "query" and name not in ("limit", "offset"):
                yield f"{operation.get('operationId')}: the parameter {name}"


def _identifier(actions: dict[str, tuple[str, Node]], item: str) -> str:
    """The name of the id in paths."""
    paths = [path for path, _ in actions.values() if path.endswith("}")]
    return re.sub(r".*\{(\w+)\}", r"\1", paths[0]) if paths else f"{item.lower()}_id"


def _component(schemas: Schemas, name: str) -> Node:
    named = mapping(mapping(schemas.document.get("components")).get("schemas"))
    return schemas.target(named.get(name))


def _example(schemas: Schemas, name: str) -> Node:
    return mapping(next(iter(sequence(_component(schemas, name).get("examples"))), {}))
