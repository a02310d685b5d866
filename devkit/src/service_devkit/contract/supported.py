"""What a schema may say: what the types of Python keep, and what the application then says of itself. All else is refused.

The table stands in docs/contract.md of the service too.
"""

from collections.abc import Iterator
from typing import Final

from service_devkit.contract.document import Fault
from service_devkit.contract.formats import TYPES
from service_devkit.contract.schemas import Placed, roots, schemas_below
from service_devkit.contract.values import Node, mapping, sequence

FORMATS: Final = {
    "string": {"date", "date-time", "duration", "time", "uuid", "binary", *TYPES},
    "integer": {"int32", "int64"},
    "number": {"double"},
}
ADVICE: Final = {"float": "leave it out; numbers are double"}
BESIDE_A_FORMAT: Final = ("pattern", "minLength", "maxLength")
KEYWORDS: Final = {
    *("not", "if", "then", "else", "patternProperties", "propertyNames", "dependentSchemas", "dependentRequired"),
    *(
        "prefixItems",
        "contains",
        "minContains",
        "maxContains",
        "uniqueItems",
        "unevaluatedItems",
        "unevaluatedProperties",
    ),
    *("$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$defs", "$schema"),
}


def unsupported(document: Node) -> Iterator[Fault]:
    """What would be lost on the way from the contract to the types, with its place."""
    for root in roots(document):
        for placed in schemas_below(root):
            yield from _of_formats(placed)
            yield from _of_keywords(placed)
            yield from _of_objects(placed, root)


def _of_formats(placed: Placed) -> Iterator[Fault]:
    node, where = placed.node, placed.where
    if (form := node.get("format")) is None:
        return
    kind = next(
        (each for each in (*sequence(node.get("type")), node.get("type")) if isinstance(each, str) and each != "null"),
        "",
    )
    if str(form) not in FORMATS.get(kind, set()):
        yield Fault(
            (*where, "format"),
            f"{_described(placed)}: format {form} is not supported: {ADVICE.get(str(form), 'leave it out, and give a pattern')}",
        )
    elif form == "decimal" and "pattern" not in node:
        yield Fault(
            (*where, "format"),
            f"{_described(placed)}: format decimal needs a pattern that says how many digits there are, such as ^[0-9]{{1,10}}[.][0-9]{{2}}$",
        )
    elif form == "byte" and "default" in node:
        yield Fault(
            (*where, "default"),
            f"{_described(placed)}: a default of bytes is not supported: leave it out, and say in the description what is taken",
        )
    elif kind == "string" and form not in ("binary", *TYPES):
        for key in BESIDE_A_FORMAT:
            if key in node:
                yield Fault(
                    (*where, key),
                    f"{_described(placed)}: {key} beside format {form} is not supported: leave one of them out",
                )


def _of_keywords(placed: Placed) -> Iterator[Fault]:
    for key in sorted(KEYWORDS & placed.node.keys()):
        yield Fault(
            (*placed.where, key),
            f"{_described(placed)}: {key} is not supported: no type says it; check it in the service, and say so in the description",
        )
    members = [mapping(each) for each in sequence(placed.node.get("oneOf")) if mapping(each).get("type") != "null"]
    if len(members) > 1 and "discriminator" not in placed.node and all("$ref" in each for each in members):
        yield Fault(
            (*placed.where, "oneOf"),
            f"{_described(placed)}: oneOf needs a discriminator, a property that tells which one is meant",
        )


def _of_objects(placed: Placed, root: Placed) -> Iterator[Fault]:
    if "properties" in placed.node and placed is not root and root.where[0] == "components":
        yield Fault(
            (*placed.where, "properties"),
            f"{_described(placed)}: an object in another stands in components > schemas, and is referred to by $ref",
        )


def _described(placed: Placed) -> str:
    where = placed.where[2:] if placed.where[:2] == ("components", "schemas") else placed.where
    return " > ".join(str(part) for part in where if part != "properties")
