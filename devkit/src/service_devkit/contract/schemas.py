"""Every schema of a document with its place."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from service_devkit.contract.operations import METHODS
from service_devkit.contract.schema import ONE_SCHEMA, SCHEMAS_BY_NAME, SCHEMAS_IN_ANY_ORDER
from service_devkit.contract.values import Json, Node, mapping, sequence

_ONE: Final = ONE_SCHEMA | {"if", "then", "else", "contentSchema", "unevaluatedItems"}
_MANY: Final = SCHEMAS_IN_ANY_ORDER | {"prefixItems"}
_NAMED: Final = SCHEMAS_BY_NAME | {"$defs"}
Where = tuple[str | int, ...]


@dataclass(frozen=True)
class Placed:
    """A schema, where it stands, and whether it is the schema of a body (of a parameter, else)."""

    where: Where
    node: Node
    media_type: str | None = None


def roots(document: Node) -> Iterator[Placed]:
    """The schemas that stand in no other schema: of components, parameters, headers and bodies."""
    components = mapping(document.get("components"))
    for name, schema in mapping(components.get("schemas")).items():
        yield Placed(("components", "schemas", name), mapping(schema), "application/json")
    for kind in ("parameters", "headers", "requestBodies", "responses"):
        for name, each in mapping(components.get(kind)).items():
            yield from _of_carrier(mapping(each), ("components", kind, name))
    for path, item in mapping(document.get("paths")).items():
        yield from _of_parameters(mapping(item), ("paths", path))
        for method in METHODS:
            yield from _of_operation(mapping(mapping(item).get(method)), ("paths", path, method))


def schemas_below(root: Placed) -> Iterator[Placed]:
    """A schema and all that stand in it; what it refers to is not followed."""
    yield root
    for key, value in root.node.items():
        where = (*root.where, key)
        if key in _NAMED:
            members = [((*where, name), each) for name, each in mapping(value).items()]
        elif key in _MANY:
            members = [((*where, number), each) for number, each in enumerate(sequence(value))]
        else:
            members = [(where, value)] if key in _ONE else []
        for place, each in members:
            if isinstance(each, dict):
                yield from schemas_below(Placed(place, each, root.media_type))


def _of_operation(operation: Node, where: Where) -> Iterator[Placed]:
    yield from _of_parameters(operation, where)
    yield from _of_carrier(mapping(operation.get("requestBody")), (*where, "requestBody"))
    for status, response in mapping(operation.get("responses")).items():
        yield from _of_carrier(mapping(response), (*where, "responses", status))


def _of_parameters(node: Node, where: Where) -> Iterator[Placed]:
    for number, each in enumerate(sequence(node.get("parameters"))):
        yield from _of_carrier(mapping(each), (*where, "parameters", number))


def _of_carrier(carrier: Node, where: Where) -> Iterator[Placed]:
    if isinstance(schema := carrier.get("schema"), dict):
        yield Placed((*where, "schema"), schema)
    for media_type, entry in mapping(carrier.get("content")).items():
        yield from _of_media_type(media_type, entry, (*where, "content", media_type))
    for name, header in mapping(carrier.get("headers")).items():
        yield from _of_carrier(mapping(header), (*where, "headers", name))


def _of_media_type(media_type: str, entry: Json, where: Where) -> Iterator[Placed]:
    if isinstance(schema := mapping(entry).get("schema"), dict):
        yield Placed((*where, "schema"), schema, media_type)
