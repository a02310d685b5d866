"""Texts with a format that pydantic's own types would take differently: money, addresses, links, bytes.

The generator sees a `Decimal` in each of their places, which then becomes what the contract says: `Annotated[str, TextFormat("email", max_length=254)]`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from service_devkit.contract.references import COMPONENT
from service_devkit.contract.schema import Schemas, bounded
from service_devkit.contract.values import Json, Node, mapping, sequence

TYPES: Final = {"decimal": "Decimal", "email": "str", "uri": "str", "byte": "bytes"}
LIMITS: Final = {"pattern": "pattern", "minLength": "min_length", "maxLength": "max_length"}
_TOKEN: Final = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|\bDecimal\b""")


def annotations_of(document: Node) -> dict[str, dict[str, list[str]]]:
    """How each such text is written in Python, by the class and the name of the property, in their order."""
    schemas = Schemas(document)
    named = mapping(mapping(document.get("components")).get("schemas"))
    return {
        name: {
            key: [*_annotations(schema, schemas)] for key, schema in mapping(mapping(each).get("properties")).items()
        }
        for name, each in named.items()
    }


def reduced(value: Json) -> Json:
    """Schemas as the generator gets them."""
    if isinstance(value, list):
        return [reduced(each) for each in value]
    if not isinstance(value, dict):
        return value
    form = value.get("format")
    if isinstance(form, str) and form in TYPES:
        return {**{key: each for key, each in value.items() if key not in LIMITS}, "format": "decimal"}
    return {key: reduced(each) for key, each in bounded(value).items()}


def with_formats(text: str, annotations: Mapping[str, Sequence[str]]) -> str:
    """The text of a class in which each of these texts is what the contract says."""
    for name, kept in annotations.items():
        if kept:
            member = rf"^    {re.escape(name)}: .*?(?=^    \w+: |\Z)"
            text = re.sub(
                member,
                lambda found: _member(found[0], kept),  # noqa: B023 - called at once
                text,
                flags=re.MULTILINE | re.DOTALL,
            )
    return text


def _member(text: str, annotations: Sequence[str]) -> str:
    following = iter(annotations)
    typed = _TOKEN.sub(lambda found: found[1] or next(following, annotations[-1]), text)
    return _with_default(typed) if "Annotated[Decimal" in typed else typed


def _with_default(text: str) -> str:
    """The text of a member whose default is a number too: a default is not validated."""
    return re.sub(r"= ([\"'])(-?[0-9.]+)\1$", r'= Decimal("\2")', text, flags=re.MULTILINE)


def _annotations(schema: Json, schemas: Schemas) -> Iterator[str]:
    """Of what stands in the class itself: in its members, lists and maps, not in another object."""
    node = mapping(schema)
    if isinstance(reference := node.get("$ref"), str) and reference.startswith(COMPONENT):
        node = schemas.target(node)
        if "properties" in node:
            return
    if isinstance(form := node.get("format"), str) and form in TYPES:
        limits = "".join(f", {LIMITS[key]}={node[key]!r}" for key in LIMITS if key in node)
        yield f'Annotated[{TYPES[form]}, TextFormat("{form}"{limits})]'
    for key in ("anyOf", "oneOf", "allOf"):
        for each in sequence(node.get(key)):
            yield from _annotations(each, schemas)
    for key in ("items", "additionalProperties"):
        if node.get(key):
            yield from _annotations(node[key], schemas)
