"""Numbers that go over the wire as text, such as money: pydantic's own `Decimal` takes no pattern, and takes JSON numbers."""

import re
from collections.abc import Iterator, Mapping

from service_devkit.contract.references import COMPONENT
from service_devkit.contract.schema import Schemas
from service_devkit.contract.values import Json, Node, mapping, sequence


def decimals_of(document: Node) -> dict[str, dict[str, str]]:
    """The pattern of each property with `format: decimal`, by the class and the name of the property."""
    schemas = Schemas(document)
    named = mapping(mapping(document.get("components")).get("schemas"))
    return {
        name: {
            key: pattern
            for key, schema in mapping(mapping(each).get("properties")).items()
            if (pattern := next(_patterns(schema, schemas), None)) is not None
        }
        for name, each in named.items()
    }


def with_decimals(text: str, patterns: Mapping[str, str]) -> str:
    """The text of a class in which each decimal keeps its pattern."""
    for name, pattern in patterns.items():
        kept = f"Annotated[Decimal, DecimalText({pattern!r})]"
        text = re.sub(
            rf"^    {re.escape(name)}: .*?(?=^    \w+: |\Z)",
            lambda found: _with_default(re.sub(r"\bDecimal\b", lambda _: kept, found[0])),  # noqa: B023 - called at once
            text,
            flags=re.MULTILINE | re.DOTALL,
        )
    return text


def _with_default(text: str) -> str:
    """The text of a member whose default is a number too: a default is not validated."""
    return re.sub(r"= ([\"'])(-?[0-9.]+)\1$", r'= Decimal("\2")', text, flags=re.MULTILINE)


def _patterns(schema: Json, schemas: Schemas) -> Iterator[str]:
    """Of the decimals that stand in the class itself: in its members, lists and maps, not in another object."""
    node = mapping(schema)
    if isinstance(reference := node.get("$ref"), str) and reference.startswith(COMPONENT):
        node = schemas.target(node)
        if "properties" in node:
            return
    if node.get("format") == "decimal" and isinstance(pattern := node.get("pattern"), str):
        yield pattern
    for key in ("anyOf", "oneOf", "allOf"):
        for each in sequence(node.get(key)):
            yield from _patterns(each, schemas)
    for key in ("items", "additionalProperties"):
        if node.get(key):
            yield from _patterns(node[key], schemas)
