"""What the contract says about one noun."""

import re
from dataclasses import dataclass
from typing import Final

from service_devkit.contract.operations import METHODS
from service_devkit.contract.schema import Schemas
from service_devkit.contract.values import Node, mapping, sequence

BASE: Final = "/api/v1"
TYPES: Final = {
    ("string", None): "str",
    ("string", "date-time"): "datetime",
    ("string", "date"): "date",
    ("string", "uuid"): "UUID",
    ("integer", None): "int",
    ("boolean", None): "bool",
    ("number", None): "float",
}
# What can be written, by method and whether the path ends with an id.
ACTIONS: Final = {
    ("post", False): "create",
    ("get", False): "list",
    ("get", True): "read",
    ("patch", True): "update",
    ("delete", True): "delete",
}


class ScaffoldError(Exception):
    """The contract does not say enough, or says something that must be written by hand."""


@dataclass(frozen=True)
class Resource:
    """A noun with what may be done to it. `columns` are the Python types of what callers send; `examples` their bodies."""

    tag: str
    about: str
    item: str
    path: str
    identifier: str
    actions: dict[str, str]
    columns: dict[str, str]
    created: Node
    changed: Node

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
    operations = _operations(document, tag)
    if about is None or "create" not in operations:
        raise ScaffoldError(
            f"the contract needs the tag {tag!r} with a description, and an operation that makes one (POST)"
        )
    path, create = operations["create"]
    sent = mapping(
        mapping(mapping(mapping(create.get("requestBody")).get("content")).get("application/json")).get("schema")
    )
    name = str(sent.get("$ref", "")).rpartition("/")[2]
    if not name.endswith("Create"):
        raise ScaffoldError(f"the body of {create.get('operationId')} must be a component called ...Create")
    item = name.removesuffix("Create")
    return Resource(
        tag=tag,
        about=str(about.get("description", tag)),
        item=item,
        path=path,
        identifier=_identifier(operations, item),
        actions={action: str(operation.get("operationId")) for action, (_, operation) in operations.items()},
        columns={
            name: _column(name, mapping(schema))
            for name, schema in mapping(schemas.target(sent).get("properties")).items()
        },
        created=_example(schemas, f"{item}Create"),
        changed=_example(schemas, f"{item}Update") if "update" in operations else {},
    )


def _operations(document: Node, tag: str) -> dict[str, tuple[str, Node]]:
    """The path and the operation of each action that a tag has."""
    found: dict[str, tuple[str, Node]] = {}
    for path, item in mapping(document.get("paths")).items():
        for method in METHODS:
            operation = mapping(mapping(item).get(method))
            if tag not in sequence(operation.get("tags")):
                continue
            action = ACTIONS.get((method, path.endswith("}")))
            if action is None or action in found:
                raise ScaffoldError(
                    f"{method.upper()} {path} is not one of make, list, read, change, delete: write it by hand"
                )
            found[action] = (path, operation)
    return found


def _identifier(operations: dict[str, tuple[str, Node]], item: str) -> str:
    """The name of the id in paths."""
    paths = [path for path, _ in operations.values() if path.endswith("}")]
    return re.sub(r".*\{(\w+)\}", r"\1", paths[0]) if paths else f"{item.lower()}_id"


def _column(name: str, schema: Node) -> str:
    kind = schema.get("type")
    optional = isinstance(kind, list) and "null" in kind
    plain = next((each for each in sequence(kind) if each != "null"), None) if optional else kind
    form = schema.get("format")
    python = TYPES.get((str(plain), str(form) if form else None))
    if python is None:
        raise ScaffoldError(f"the property {name} ({plain}) is no simple column: write the resource by hand")
    return f"{python} | None" if optional else python


def _example(schemas: Schemas, name: str) -> Node:
    schema = schemas.target({"$ref": f"#/components/schemas/{name}"})
    return mapping(next(iter(sequence(schema.get("examples"))), {}))
