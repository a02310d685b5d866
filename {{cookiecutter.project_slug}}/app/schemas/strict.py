"""Types as JSON has them, for what callers send: no text, truth value or 1.0 as a whole number, no number as a moment.

Pydantic's own strict mode does that only where it parses the JSON itself. The framework parses it, and strict Python would take no text as a moment.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, cast

from pydantic_core import CoreSchema, PydanticCustomError, core_schema

_Check = Callable[[object], object]

INT8: Final = range(-(2**63), 2**63)
_STRICT: Final = frozenset({"bool", "float", "int"})
# Keys of a core schema that hold values or words of others, not schemas.
_OPAQUE: Final = frozenset({"default", "metadata", "serialization"})


def strict_json(schema: CoreSchema) -> CoreSchema:
    """The same schema, in which every type is taken from its own type of JSON only."""
    _make_strict(schema, _STRICT, _CHECKS)
    return schema


def strict_text(schema: CoreSchema) -> CoreSchema:
    """The same schema for a query, all of which is text that is parsed: without NUL, and moments as ISO 8601 writes them."""
    _make_strict(schema, frozenset(), _TEXT_CHECKS)
    return schema


def check_storable(value: object) -> None:
    """Raise for NUL in a text, a whole number beyond 64 bits, and a moment that has no place in UTC."""
    match value:
        case str() if "\0" in value:
            raise PydanticCustomError("string_nul", "Text must not contain NUL")
        case int() if value not in INT8:
            raise PydanticCustomError("integer_range", "A whole number has at most 64 bits")
        case datetime() if not _is_in_utc(value):
            raise PydanticCustomError("datetime_range", "In UTC this is outside of the years 1 to 9999")
        case list() | tuple() | set() | frozenset():
            for item in value:
                check_storable(item)
        case dict():
            for item in (*value.keys(), *value.values()):
                check_storable(item)


def _is_in_utc(moment: datetime) -> bool:
    try:
        moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except OverflowError:
        return False
    return True


def _make_strict(node: object, strict: frozenset[str], checks: Mapping[str, _Check]) -> None:
    if isinstance(node, list | tuple):
        for item in node:
            _make_strict(item, strict, checks)
    if not isinstance(node, dict):
        return
    kind = node.get("type")
    if not isinstance(kind, str):  # fields by their names
        _make_strict(list(node.values()), strict, checks)
    elif kind in strict:
        node["strict"] = True
    elif kind in checks:
        _guard(node, checks[kind])
    elif not (kind == "function-before" and node["function"]["function"] in checks.values()):
        _make_strict([value for key, value in node.items() if key not in _OPAQUE], strict, checks)


def _guard(node: dict[str, object], check: _Check) -> None:
    """Put a check before what the schema does, in place: other schemas hold this very object."""
    inner = dict(node)
    reference = inner.pop("ref", None)
    node.clear()
    node |= core_schema.no_info_before_validator_function(
        check,
        cast("CoreSchema", inner),
        ref=cast("str | None", reference),
    )


def _written_as(kind: type, form: re.Pattern[str], refusal: PydanticCustomError) -> _Check:
    def check(value: object) -> object:
        if isinstance(value, kind) or (isinstance(value, str) and form.match(value)):
            return value
        raise refusal.with_traceback(None)

    return check


def _reject_nul(value: object) -> object:
    check_storable(value)
    return value


def _reject_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise PydanticCustomError("decimal_type", "Input should be a number, or a text that holds one")
    return value


_ISO: Final = "Input should be a text in the form of ISO 8601"
# How a text has to begin: the library also takes seconds since 1970, as a number and as a text.
_MOMENTS: Final[Mapping[str, _Check]] = {
    "date": _written_as(date, re.compile(r"\d{4}-\d\d-\d\d\Z"), PydanticCustomError("date_type", _ISO)),
    "datetime": _written_as(datetime, re.compile(r"\d{4}-\d\d-\d\d[Tt ]"), PydanticCustomError("datetime_type", _ISO)),
    "time": _written_as(time, re.compile(r"\d\d:"), PydanticCustomError("time_type", _ISO)),
    "timedelta": _written_as(timedelta, re.compile(r"[+-]?P"), PydanticCustomError("time_delta_type", _ISO)),
}
_CHECKS: Final[Mapping[str, _Check]] = {**_MOMENTS, "decimal": _reject_boolean}
_TEXT_CHECKS: Final[Mapping[str, _Check]] = {**_MOMENTS, "str": _reject_nul}
