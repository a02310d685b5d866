"""Queries for the tests of a list, and how many of one example each finds."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from urllib.parse import urlencode

from service_devkit.contract.values import Json, Node, sequence
from service_devkit.scaffold.listing import RANGES, Filter, Listing

_NOTHING: Final = "nothing of the kind"


def samples(listing: Listing, created: Node) -> Iterator[tuple[str, int]]:
    """What finds the example, and what does not, for every filter whose column the example has."""
    for each in listing.filters:
        value = created.get(each.column)
        if value is None or isinstance(value, dict):
            continue
        fitting = sequence(value)[:1] if each.operator == "any" else [value]
        yield from ((urlencode({each.name: _text(one)}), int(each.operator not in "<>")) for one in fitting)
        other = _other(each, value)
        if other is not None:
            yield urlencode({each.name: _text(other)}), 0


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
