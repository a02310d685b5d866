"""Defaults that are texts with a format: as values of Python, and in one spelling."""

import re
from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final, TypeAlias
from uuid import UUID

from pydantic import AwareDatetime, TypeAdapter
from pydantic_core import to_jsonable_python

from service_devkit.contract.values import Json, Node, mapping, sequence

Value: TypeAlias = object
# What `TypeAdapter` is made of: the types that the generator writes.
_READ: Final[Mapping[str, Callable[[str], Value]]] = {
    "date": TypeAdapter(date).validate_python,
    "date-time": TypeAdapter(AwareDatetime).validate_python,
    "duration": TypeAdapter(timedelta).validate_python,
    "time": TypeAdapter(time).validate_python,
    "uuid": TypeAdapter(UUID).validate_python,
}
_WORDS: Final = {
    "email": r"[^@\s]+@[^@\s]+",
    "uri": r"[A-Za-z][A-Za-z0-9+.-]*:\S+",
}

CHECKED: Final = ("decimal", *_WORDS, *_READ)


def is_format(form: str, text: str) -> bool:
    """Whether a text is what its format says; true of a format that is not known."""
    try:
        value_of(form, text)
    except (ValueError, InvalidOperation):
        return False
    return True


def value_of(form: str, text: str) -> Value:
    """The value of Python that a text of this format is.

    Raises:
        ValueError: it is none.
        InvalidOperation: it is no number.
    """
    if form == "decimal":
        return Decimal(text)
    if form in _WORDS and not re.fullmatch(_WORDS[form], text):
        raise ValueError(text)
    return _READ[form](text) if form in _READ else text


def expression(value: Value) -> str:
    """Python that makes a default of the types of app/schemas."""
    match value:
        case list():
            return f"[{', '.join(map(expression, value))}]"
        case dict():
            return "{" + ", ".join(f"{key!r}: {expression(each)}" for key, each in value.items()) + "}"
        case Decimal() | UUID():
            text = f"{value:f}" if isinstance(value, Decimal) else value
            return f'{type(value).__name__}("{text}")'
        case timedelta():
            return repr(value).removeprefix("datetime.")
        case date() | time():  # a datetime is a date too
            return f'{type(value).__name__}.fromisoformat("{value.isoformat()}")'
    return repr(value)


def text_of(value: Value) -> Json:
    """A default as JSON, in one spelling."""
    if isinstance(value, list):
        return [text_of(each) for each in value]
    if isinstance(value, dict):
        return {str(key): text_of(each) for key, each in value.items()}
    made: Json = f"{value:f}" if isinstance(value, Decimal) else to_jsonable_python(value)
    return made


def converted(value: Json, schema: Json, target: Callable[[Json], Node]) -> Value:
    """The default with values in the place of its texts; a text that is none stays, and lint says so. `target` resolves references."""
    node = target(schema)
    form = node.get("format")
    if isinstance(value, str) and isinstance(form, str):
        return value_of(form, value) if is_format(form, value) else value
    if isinstance(value, list) and node.get("items"):
        return [converted(each, node["items"], target) for each in value]
    if isinstance(value, dict) and (inner := node.get("additionalProperties")):
        return {key: converted(each, inner, target) for key, each in value.items()}
    members = (each for key in ("anyOf", "oneOf", "allOf") for each in sequence(node.get(key)))
    found = (converted(value, each, target) for each in members if mapping(each).get("type") != "null")
    return next((each for each in found if each != value), value)
