"""Follows the references of a document, and finds those that lead nowhere."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from service_devkit.contract.values import Json, Node, mapping

COMPONENT: Final = "#/components/schemas/"
# What stands below these is data, and what looks like a reference in it is none.
_DATA: Final = {"example", "examples", "default", "enum", "const"}
# The keys of these are names that somebody gave; `properties: {default: ...}` is a property of that name.
_NAMES: Final = {
    *(
        "properties",
        "patternProperties",
        "dependentSchemas",
        "$defs",
        "paths",
        "responses",
        "headers",
        "content",
        "callbacks",
    ),
    *("schemas", "parameters", "requestBodies", "securitySchemes", "links", "pathItems", "encoding", "variables"),
}

Where = tuple[str | int, ...]


def resolve(document: Node, reference: str) -> Node:
    """What a reference leads to (RFC 6901, 6: a JSON Pointer in a fragment).

    Raises:
        LookupError: nothing, or something that is no object.
    """
    found: Json = document
    for part in unquote(reference).removeprefix("#/").split("/"):
        found = mapping(found)[part.replace("~1", "/").replace("~0", "~")]
    if not isinstance(found, dict):
        raise LookupError(reference)  # noqa: TRY004 - callers treat it as a name that is not there
    return found


def wrong_references(document: Node) -> Iterator[tuple[Where, str]]:
    """The references that cannot be followed, each with its place and the reason."""
    pages = [f"{COMPONENT}{each}" for each in lost_pages(document)]
    for where, reference in _references(document):
        if said := _wrong(document, reference):
            advice = ": write it with `just contract --fill`" if reference in pages else ""
            yield (*where, "$ref"), f"$ref: {reference}: {said}{advice}"


def lost_pages(document: Node) -> set[str]:
    """The pages that are referred to and not there, of nouns that can be read: `devkit contract fill` writes them."""
    schemas = mapping(mapping(document.get("components")).get("schemas"))
    named = {str(reference).removeprefix(COMPONENT) for _, reference in _references(document)}
    return {
        each
        for each in named - schemas.keys()
        if each.endswith("Page") and "Page" in schemas and f"{each.removesuffix('Page')}Read" in schemas
    }


def _references(value: Json, where: Where = (), *, names: bool = False) -> Iterator[tuple[Where, Json]]:
    if isinstance(value, list):
        for number, each in enumerate(value):
            yield from _references(each, (*where, number))
    for key, each in mapping(value).items():
        if key == "$ref" and not names:
            yield where, each
        elif names or (key not in _DATA and not key.startswith("x-")):
            yield from _references(each, (*where, key), names=not names and key in _NAMES and isinstance(each, dict))


def _wrong(document: Node, reference: Json) -> str | None:
    if not isinstance(reference, str):
        return "must be text"
    if not reference.startswith("#/"):
        return "leads out of the file; a contract is one file"
    seen: list[str] = []
    while reference not in seen:
        seen.append(reference)
        try:
            following = resolve(document, reference).get("$ref")
        except LookupError:
            return "leads nowhere" if len(seen) == 1 else f"leads nowhere, by way of {reference}"
        if not isinstance(following, str):
            return None
        reference = following
    return f"leads in a circle: {' to '.join([*seen, reference])}"
