"""JSON as types, and the few ways in which the contract gate takes it apart."""

import json
from typing import TypeAlias, cast

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
Node: TypeAlias = dict[str, Json]


def plain(document: object) -> Json:
    """The same as JSON knows it: keys are text, and 1.0 is 1."""
    return cast("Json", json.loads(json.dumps(document), parse_float=_number))


def _number(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() else number


def mapping(value: Json) -> Node:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: Json) -> list[Json]:
    """The value if it is an array, else an empty one."""
    return value if isinstance(value, list) else []


def canonical(value: Json) -> str:
    """Text that is equal for equal values; it distinguishes `true` from `1`, which Python's `==` does not."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def in_one_order(values: Json) -> Json:
    """The array sorted: for those whose order means nothing."""
    return sorted(sequence(values), key=canonical)
