"""Queries for the tests of a list, and how many of one example each finds."""

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from urllib.parse import urlencode

from openapi_schema_validator import OAS31Validator, oas31_format_checker

from service_devkit.contract.schema import Schemas
from service_devkit.contract.values import Json, Node, mapping, sequence
from service_devkit.scaffold.access import component, example_of
from service_devkit.scaffold.listing import RANGES, Filter, Listing

_DAYS: Final = 7  # so that times of a day stay, and days of a week
_NOTHING: Final = "nothing of the kind"


def samples(listing: Listing, created: Node, *, without: Collection[str] = ()) -> Iterator[tuple[str, int]]:
    """What finds the example, and what does not, for every filter whose column the example has, but for those `without`."""
    for each in (each for each in listing.filters if each.column not in without):
        value = created.get(each.column)
        if value is None or isinstance(value, dict):
            continue
        fitting = sequence(value)[:1] if each.operator == "any" else [value]
        yield from ((urlencode({each.name: _text(one)}), int(each.operator not in "<>")) for one in fitting)
        other = _other(each, value)
        if other is not None:
            yield urlencode({each.name: _text(other)}), 0


def others_of(document: Node, name: str, *, without: Collection[str]) -> list[Node]:
    """What differs in two further objects of a component from its example, as far as its schema allows: a table may want no two that are equal."""
    schemas = Schemas(document)
    created = example_of(document, name)
    properties = {
        key: each for key, each in mapping(component(document, name).get("properties")).items() if key in created
    }
    return [
        {
            key: value
            for key, each in properties.items()
            if key not in without and (value := _varied(schemas, each, created[key], number)) is not None
        }
        for number in (1, 2)
    ]


def _varied(schemas: Schemas, reference: Json, value: Json, number: int) -> Json:
    """A value that the schema takes, too; None where there is none to be found: of what must not be any, nobody knows more."""
    schema = schemas.target(reference)
    if "enum" in schema or isinstance(value, bool) or not isinstance(value, str | int):
        return None
    if isinstance(value, int):
        tried: list[Json] = [value + number, value - number]
    else:
        later = [_moved(value, _DAYS * number), f"{number}{value}"] if "format" in schema else []
        tried = [*later, f"{value} {number}", f"{value}{number}", f"{value[:-1]}{number}"]
    components: Node = {"allOf": [reference], "components": schemas.document.get("components", {})}
    validator = OAS31Validator(components, format_checker=oas31_format_checker)
    return next((each for each in tried if each not in (None, value) and validator.is_valid(each)), None)


def _other(found: Filter, value: Json) -> Json:
    """A value that the example does not fit; None where there is none that is surely allowed."""
    schema = found.schema
    allowed = sequence(schema.get("enum")) or sequence(_items(schema).get("enum"))
    if allowed:
        return next((each for each in allowed if each != value), None)
    if found.operator == "search":
        return None if "pattern" in schema else _NOTHING[: int(str(schema.get("maxLength", 100)))]
    if found.operator in RANGES:
        bounded = any(key in schema for key in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"))
        return None if bounded else _moved(value, RANGES[found.operator])
    return not value if isinstance(value, bool) else None


def _moved(value: Json, step: int) -> Json:
    """The next value in a direction."""
    if isinstance(value, bool | float) or not isinstance(value, int | str):
        return None
    if isinstance(value, int):
        return value + step
    try:
        if "T" in value:
            return (datetime.fromisoformat(value) + timedelta(days=step)).isoformat()
        if "-" in value[1:]:
            return (date.fromisoformat(value) + timedelta(days=step)).isoformat()
        return None if Decimal(value) + step < 0 else str(Decimal(value) + step)
    except (ArithmeticError, ValueError):
        return None


def _items(schema: Node) -> Node:
    items = schema.get("items")
    return items if isinstance(items, dict) else {}


def _text(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
