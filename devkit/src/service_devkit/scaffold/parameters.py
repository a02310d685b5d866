"""The types of query parameters, as the contract has them."""

from typing import Final

from service_devkit.contract.defaults import converted, expression
from service_devkit.contract.formats import annotation_of
from service_devkit.contract.schema import Schemas, bounded
from service_devkit.contract.values import Node, sequence
from service_devkit.scaffold.columns import TYPES

_LIMITS: Final = {
    "minLength": "min_length",
    "maxLength": "max_length",
    "minItems": "min_length",
    "maxItems": "max_length",
    "pattern": "pattern",
    "minimum": "ge",
    "maximum": "le",
    "exclusiveMinimum": "gt",
    "exclusiveMaximum": "lt",
    "multipleOf": "multiple_of",
}


def python_of(schemas: Schemas, schema: Node) -> str | None:
    """The plain type of the values: `str`, or `list[str]`; None where there is none."""
    if schema.get("type") == "array":
        item = python_of(schemas, schemas.target(schema.get("items")))
        return f"list[{item}]" if item and not item.startswith("list") else None
    schema = bounded(schema)
    kind = schema.get("type", "string" if sequence(schema.get("enum")) else None)
    found = TYPES.get((str(kind), str(schema["format"]) if "format" in schema else None))
    return found[0] if found else None


def annotation(schemas: Schemas, schema: Node) -> str:
    """The type of a field with its limits, of a schema that has a plain type."""
    if enum := sequence(schema.get("enum")):
        return f"Literal[{', '.join(map(repr, enum))}]"
    if text := annotation_of(schema):
        return text
    schema = bounded(schema)
    plain = str(python_of(schemas, schema))
    if plain == "datetime":
        return "AwareDatetime"
    if plain.startswith("list"):
        plain = f"list[{annotation(schemas, schemas.target(schema.get('items')))}]"
    limits = [f"{word}={schema[key]!r}" for key, word in _LIMITS.items() if key in schema]
    return f"Annotated[{plain}, Field({', '.join(limits)})]" if limits else plain


def field(schemas: Schemas, parameter: Node) -> str:
    """The line of a parameter in the class of a query. Without a default it is `MISSING` where nobody sends it."""
    schema = schemas.target(parameter.get("schema"))
    described = f"description={str(parameter.get('description', ''))!r}"
    kind = annotation(schemas, schema)
    if parameter.get("required"):
        return f"{parameter['name']}: {kind} = Field({described})"
    if "default" in schema:
        default = expression(converted(schema["default"], schema, schemas.target))
        return f"{parameter['name']}: {kind} = Field(default={default}, {described})"
    return f"{parameter['name']}: {kind} | MISSING = Field(default=MISSING, {described})"
