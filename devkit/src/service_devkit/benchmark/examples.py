"""Values for requests, from the examples of a contract."""

from service_devkit.contract.schema import Schemas
from service_devkit.contract.values import Json, Node, mapping, sequence

_DEPTH = 10  # a schema that contains itself has no smallest value


class NoExampleError(Exception):
    """The contract does not say what could be sent; the message says what is missing."""


def body(schemas: Schemas, operation: Node) -> tuple[str, Json] | None:
    """The media type and the value of a body; None where the operation needs none."""
    request = schemas.target(operation.get("requestBody"))
    content = mapping(request.get("content"))
    if media_type := _sent(content):
        return media_type, _of_holder(schemas, mapping(content[media_type]), "its body")
    if request.get("required"):
        raise NoExampleError(f"its body is {', '.join(content) or 'of no media type'}, and only JSON and text are sent")
    return None


def parameter(schemas: Schemas, found: Node) -> Json:
    """The value of a parameter."""
    return _of_holder(schemas, found, f"the parameter {found.get('name')}")


def further_bodies(schemas: Schemas, operation: Node) -> dict[str, Json]:
    """The examples of a body beside the first one, by name."""
    content = mapping(schemas.target(operation.get("requestBody")).get("content"))
    holder = mapping(content.get(_sent(content) or ""))
    return dict([*_written(schemas, holder).items()][1:])


def further_values(schemas: Schemas, found: Node) -> dict[str, Json]:
    """The examples of a parameter that `parameter` leaves out: all of an optional one, the others of one that must be sent."""
    written = [*_written(schemas, found).items()]
    return dict(written[1:] if found.get("required") else written)


def _sent(content: Node) -> str | None:
    """The media type that is sent: JSON before text."""
    names = {media_type: media_type.partition(";")[0].strip() for media_type in content}
    of_json = (media_type for media_type, name in names.items() if name.endswith("json"))
    return next(of_json, next((media_type for media_type, name in names.items() if name.startswith("text/")), None))


def _written(schemas: Schemas, holder: Node) -> dict[str, Json]:
    """Examples that somebody wrote for a body or a parameter, or for its schema."""
    if "example" in holder:
        return {"example": holder["example"]}
    named = {name: schemas.target(each) for name, each in mapping(holder.get("examples")).items()}
    found = {name: each["value"] for name, each in named.items() if "value" in each}
    listed = sequence(schemas.target(holder.get("schema")).get("examples"))
    return found or {f"example {number}": each for number, each in enumerate(listed, start=1)}


def _of_holder(schemas: Schemas, holder: Node, what: str) -> Json:
    if "example" in holder:
        return holder["example"]
    for each in mapping(holder.get("examples")).values():
        if "value" in (example := schemas.target(each)):
            return example["value"]
    return _of_schema(schemas, holder.get("schema"), what)


def _of_schema(schemas: Schemas, reference: Json, what: str, depth: int = 0) -> Json:
    schema = schemas.target(reference)
    given = [
        *sequence(schema.get("examples")),
        *(schema[key] for key in ("example", "default", "const") if key in schema),
    ]
    if given := [*given, *sequence(schema.get("enum"))]:
        return given[0]
    if depth < _DEPTH and "properties" in schema:
        required = set(map(str, sequence(schema.get("required"))))
        members = {name: each for name, each in mapping(schema["properties"]).items() if name in required}
        return {name: _of_schema(schemas, each, f"{what}, {name},", depth + 1) for name, each in members.items()}
    raise NoExampleError(f"{what} has no example: add `examples` to its schema in the contract")
