"""Texts with a format that pydantic's own types would take differently: money, addresses, links, bytes.

The generator sees a `Decimal` in each of their places, which then becomes what the contract says: `Annotated[str, TextFormat("email", max_length=254)]`.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from service_devkit.contract.defaults import converted, expression
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


def annotation_of(schema: Node) -> str | None:
    """How one such text is written in Python; None where the schema is no such text."""
    if not isinstance(form := schema.get("format"), str) or form not in TYPES:
        return None
    limits = "".join(f", {LIMITS[key]}={schema[key]!r}" for key in LIMITS if key in schema)
    return f'Annotated[{TYPES[form]}, TextFormat("{form}"{limits})]'


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


def defaults_of(document: Node) -> dict[str, dict[str, str]]:
    """The defaults that Python writes in another way than JSON does, by the class and the name of the property."""
    schemas = Schemas(document)
    found: dict[str, dict[str, str]] = {}
    for name, each in mapping(mapping(document.get("components")).get("schemas")).items():
        for key, schema in mapping(mapping(each).get("properties")).items():
            given = schemas.target(schema).get("default")
            if (value := converted(given, schema, schemas.target)) != given:
                found.setdefault(name, {})[key] = expression(value)
    return found


@dataclass(frozen=True)
class Said:
    """What the contract says of the members of a class: texts with a format, defaults; and the classes that are not there yet when it is made."""

    annotations: Mapping[str, Sequence[str]]
    defaults: Mapping[str, str]
    later: frozenset[str]


def with_formats(text: str, said: Said) -> str:
    """The text of a class in which each member is what the contract says."""
    [made] = ast.parse(text).body
    members = [each for each in made.body if isinstance(each, ast.AnnAssign)] if isinstance(made, ast.ClassDef) else []
    for node, before in [(each, ast.get_source_segment(text, each)) for each in members]:
        text = text.replace(f"\n    {before}", f"\n    {_member(node, said)}", 1)
    return text


def _member(node: ast.AnnAssign, said: Said) -> str:
    name = _property(node)
    kept, typed, value = (
        said.annotations.get(name),
        ast.unparse(node.annotation),
        node.value and ast.unparse(node.value),
    )
    following = iter(kept or ())
    if kept:
        typed = _TOKEN.sub(lambda found: found[1] or next(following, kept[-1]), typed)
    if any(isinstance(each, ast.Name) and each.id in said.later for each in ast.walk(node.annotation)):
        typed = repr(typed)  # a class in itself, or in one that it needs
    return f"{ast.unparse(node.target)}: {typed}" + (f" = {said.defaults.get(name, value)}" if value else "")


def _property(node: ast.AnnAssign) -> str:
    """The name in the contract, which is the alias where Python has another use for it."""
    aliases = [each.value for each in ast.walk(node) if isinstance(each, ast.keyword) and each.arg == "alias"]
    return next((str(each.value) for each in aliases if isinstance(each, ast.Constant)), ast.unparse(node.target))


def _annotations(schema: Json, schemas: Schemas) -> Iterator[str]:
    """Of what stands in the class itself: in its members, lists and maps, not in another object."""
    node = mapping(schema)
    if isinstance(reference := node.get("$ref"), str) and reference.startswith(COMPONENT):
        node = schemas.target(node)
        if "properties" in node:
            return
    if made := annotation_of(node):
        yield made
    for key in ("anyOf", "oneOf", "allOf"):
        for each in sequence(node.get(key)):
            yield from _annotations(each, schemas)
    for key in ("items", "additionalProperties"):
        if node.get(key):
            yield from _annotations(node[key], schemas)
