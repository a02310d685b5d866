"""What a list can be asked for, from the query parameters of the contract: search, filters, ranges, an order, and a part of it.

The names say what a parameter does. `q` and `search` look for a part of the texts. `status` is equal to the column, or one of several where the
parameter is an array. `price_from` and `min_price` are at least, `price_to` and `max_price` at most, both inclusive; `price_since` and
`price_until` are the same, `price_before` and `price_after` exclusive. `sort` is an enum of columns,
from the highest down with `-`. The column of `created_from` may be called `created_at`, `created_on` or `created_date`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field as default
from typing import Final

from service_devkit.contract.schema import Schemas
from service_devkit.contract.values import Node, sequence
from service_devkit.scaffold.columns import Columns
from service_devkit.scaffold.parameters import field, python_of

PAGING: Final = {"limit", "offset", "after"}
SEARCH: Final = {"q", "search"}
TIMES: Final = {"created_at": "datetime", "updated_at": "datetime"}
# What JSON has as Python does.
_PLAIN: Final = {"str", "int", "bool", "float"}
_ENDINGS: Final = ("", "_at", "_on", "_date", "_by")
RANGES: Final = {">=": 1, ">": 1, "<=": -1, "<": -1}  # with the direction of a value that does not fit
_RANGE: Final = re.compile(
    r"(?P<low>min_)(?P<a>.+)|(?P<high>max_)(?P<b>.+)|(?P<c>.+)(?P<from>_from|_min|_since)|(?P<d>.+)(?P<to>_to|_max|_until)"
    r"|(?P<e>.+)(?P<before>_before)|(?P<f>.+)(?P<after>_after)"
)
# Beyond every value of the type: where a row has none, it stands at that end of the order.
_LAST: Final = {"date": "date.max", "datetime": "datetime.max.replace(tzinfo=UTC)"}


@dataclass(frozen=True)
class Filter:
    """A parameter: `conditions` are expressions of a column and the value that is sent, of which one must hold."""

    name: str
    operator: str
    column: str
    conditions: tuple[str, ...]
    schema: Node


@dataclass
class Listing:
    """`fields` are the lines of the query's class, `sorts` expressions of a `model` by their names, `sort` is the one that is asked for."""

    fields: list[str] = default(default_factory=list)
    filters: list[Filter] = default(default_factory=list)
    sorts: dict[str, str] = default(default_factory=dict)
    sort_values: list[str] = default(default_factory=list)
    sort: str = '"-created_at"'
    first: str = "-created_at"
    has_after: bool = False
    left: list[str] = default(default_factory=list)

    @property
    def is_plain(self) -> bool:
        """Whether limit and offset are all that there is."""
        return not self.fields and not self.has_after

    @property
    def turned(self) -> list[str]:
        """The orders that can be asked for in both directions."""
        return [each for each in self.sort_values if f"-{each}" in self.sort_values]

    @property
    def indexed(self) -> list[str]:
        """The columns that a range or an order goes along, or that ids and texts are compared with."""
        ranges = [each.column for each in self.filters if each.operator in RANGES]
        equal = [each.column for each in self.filters if each.operator == "==" and not _is_small(each.schema)]
        columns = [each.removeprefix("model.") for each in self.sorts.values() if each.startswith("model.")]
        return [each for each in dict.fromkeys([*columns, *ranges, *equal]) if each != "created_at"]


def listing_of(schemas: Schemas, operation: Node, columns: Columns) -> Listing:
    """What the parameters of a list ask for; what cannot be written is in `left`."""
    found = Listing()
    types = {**columns.types, **TIMES}
    parameters = [schemas.target(each) for each in sequence(operation.get("parameters"))]
    query = {str(each.get("name")): each for each in parameters if each.get("in") == "query"}
    found.has_after = "after" in query
    for name, parameter in query.items():
        if name in PAGING:
            continue
        said = (
            _sort(found, schemas, parameter, types) if name == "sort" else _filter(found, schemas, parameter, columns)
        )
        if said:
            found.left.append(f"{operation.get('operationId')}: the parameter {name}: {said}")
        else:
            found.fields.append(field(schemas, parameter))
    if found.has_after:
        found.sorts = found.sorts or {"created_at": "model.created_at"}
        found.left += _left_of_after(found, types)
    return found


def _filter(found: Listing, schemas: Schemas, parameter: Node, columns: Columns) -> str:
    """Note what a parameter looks for, or say why not."""
    name, schema = str(parameter.get("name")), schemas.target(parameter.get("schema"))
    python, types = python_of(schemas, schema) or "of no simple type", {**columns.types, **TIMES}
    if name in SEARCH:
        matches = [f"{each}.icontains(value, autoescape=True)" for each in columns.texts]
        if not matches or python != "str":
            return "there is no text to look into"
        found.filters.append(Filter(name, "search", columns.texts[0], tuple(matches), schema))
        return ""
    if "default" in schema and python not in _PLAIN:
        return f"its default is {python}, not as JSON has it"
    column, operator = _compared(name, types)
    condition = _condition(column, operator, types.get(column, "").removesuffix(" | None"), python)
    if condition is None:
        return f"it is {python}, and the column {column} is {types[column]}" if column else "there is no such column"
    found.filters.append(Filter(name, condition[0], column, (condition[1],), schema))
    return ""


def _condition(column: str, operator: str, kind: str, python: str) -> tuple[str, str] | None:
    """What is done with the column, and the expression without the model."""
    if python == kind and not kind.startswith("list"):
        return operator, f"{column} {operator} value"
    if operator == "==" and python == f"list[{kind}]":
        return "in", f"{column}.in_"
    if operator == "==" and kind == f"list[{python}]":
        return "any", f"{column}.any_() == value"
    return None


def _compared(name: str, types: dict[str, str]) -> tuple[str, str]:
    """The column that a parameter is about, and how it is compared."""
    if name in types:
        return name, "=="
    if not (match := _RANGE.fullmatch(name)):
        return "", "=="
    stem = next(each for each in match.group("a", "b", "c", "d", "e", "f") if each)
    column = next((stem + ending for ending in _ENDINGS if stem + ending in types), "")
    if match["before"] or match["after"]:
        return column, "<" if match["before"] else ">"
    return column, ">=" if match["low"] or match["from"] else "<="


def _sort(found: Listing, schemas: Schemas, parameter: Node, types: dict[str, str]) -> str:
    """Note the orders, or say why not."""
    schema = schemas.target(parameter.get("schema"))
    values = [str(each) for each in sequence(schema.get("enum"))]
    names = list(dict.fromkeys(each.removeprefix("-") for each in values))
    columns = {name: next((name + each for each in _ENDINGS if name + each in types), "") for name in names}
    if lost := [name for name, column in columns.items() if types.get(column, "list").startswith("list")]:
        return f"there is no column {lost[0]} to sort by"
    if not values:
        return "it has no enum of columns, such as [created_at, -created_at]"
    found.sorts, found.sort_values = {name: f"model.{column}" for name, column in columns.items()}, values
    if "default" in schema or parameter.get("required"):
        found.sort, found.first = "query.sort", str(schema.get("default", ""))
    else:
        found.sort = '"-created_at" if query.sort is MISSING else query.sort'
        found.sorts.setdefault("created_at", "model.created_at")
    return ""


def _left_of_after(found: Listing, types: dict[str, str]) -> Iterator[str]:
    """Keyset pages compare with the last row, and nothing compares with null."""
    for name, expression in found.sorts.items():
        kind, _, null = types[expression.removeprefix("model.")].partition(" | ")
        if null and kind in _LAST:
            found.sorts[name] = f"func.coalesce({expression}, {_LAST[kind]})"
        elif null:
            yield f"sort by {name} beside `after`: rows that have none are left out of the pages that follow"


def _is_small(schema: Node) -> bool:
    """Whether there are so few values that an index would not help."""
    return "enum" in schema or schema.get("type") == "boolean"
