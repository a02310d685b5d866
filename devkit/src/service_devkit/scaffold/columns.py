"""The columns of a noun: what callers send, and what they only read."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from keyword import iskeyword
from typing import Final

from service_devkit.contract.schema import Schemas, bounded
from service_devkit.contract.values import Json, Node, mapping, sequence
from service_devkit.scaffold.access import ScaffoldError

# Types of Python by type and format, and what a column of that type begins with where the contract does not say it.
TYPES: Final = {
    ("string", None): ("str", ""),
    ("string", "date-time"): ("datetime", None),
    ("string", "date"): ("date", None),
    ("string", "time"): ("time", None),
    ("string", "duration"): ("timedelta", None),
    ("string", "uuid"): ("UUID", None),
    ("string", "decimal"): ("Decimal", "0"),
    ("string", "email"): ("str", None),
    ("string", "uri"): ("str", None),
    ("string", "byte"): ("bytes", None),
    ("integer", None): ("int", "0"),
    ("boolean", None): ("bool", "false"),
    ("number", None): ("float", "0"),
}
ITEMS: Final = {"str": "Text()", "int": "Integer()", "UUID": "Uuid()", "bool": "Boolean()", "float": "Double()"}
BASE_COLUMNS: Final = {"id", "created_at", "updated_at", "owner_id"}
# Attributes of every model (`DeclarativeBase`).
RESERVED: Final = {"metadata", "registry", "type_annotation_map"}
_DOT: Final = re.compile(r"\\\.|\[\.\]")
_DIGITS: Final = re.compile(r"(?:\\d|\[0-9\])(?:\{(?:\d+,)?(\d+)\})?(?![*+])")


@dataclass
class Columns:
    """The lines of a model and the types of Python by column, which are free texts, the checks, the properties that are sent and are no column, and what is left to be written."""

    lines: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    unwritten: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def columns_of(schemas: Schemas, sent: Node, read: Node, *, in_path: Collection[str] = ()) -> Columns:
    """The columns that the two schemas need, but for those that the path names.

    Raises:
        ScaffoldError: a property has a name that no column can have.
    """
    found = Columns()
    received, shown = mapping(sent.get("properties")), mapping(read.get("properties"))
    for name, schema in {**shown, **received}.items():
        if name in in_path or (name in BASE_COLUMNS and name not in received):
            continue
        if name in RESERVED or iskeyword(name):
            raise ScaffoldError(
                f"the property {name}: {'Python' if iskeyword(name) else 'SQLAlchemy'} keeps this name for itself; "
                f"give it another in the contract"
            )
        _add(found, schemas, name, schema, is_sent=name in received)
    return found


def _add(found: Columns, schemas: Schemas, name: str, reference: Json, *, is_sent: bool) -> None:
    schema, optional = _plain(schemas, reference)
    column = _column(schemas, schema)
    if column is None or (not is_sent and column[2] is None and not optional and "default" not in schema):
        found.left.append(
            f"the column {name}: {'no simple column' if column is None else 'nobody sends it, and it needs a value'}"
        )
        found.unwritten += [name] if is_sent else []
        return
    python, kind, first = column
    default = schema.get("default", None if is_sent or optional else next(iter(sequence(schema.get("enum"))), first))
    arguments = [*([kind] if kind else []), *([f"server_default={_text(default)!r}"] if _is_scalar(default) else [])]
    if not is_sent and "default" not in schema and _is_scalar(default):
        found.left.append(
            f"{name} begins as {default!r}: nobody sends it; say in the model or the service if that is wrong"
        )
    made = f" = mapped_column({', '.join(arguments)})" if arguments else ""
    found.texts += [name] if python == "str" and "enum" not in schema else []
    found.types[name] = f"{python}{' | None' if optional else ''}"
    found.lines[name] = f"Mapped[{found.types[name]}]{made}"
    if check := _check(name, python, schema):
        found.checks.append(f"CheckConstraint({check!r}, name={name!r})")


def _plain(schemas: Schemas, reference: Json) -> tuple[Node, bool]:
    """The schema without null, and whether null is one of its values; formats of numbers are what they say."""
    schema = bounded(schemas.target(reference))
    members = [schemas.target(each) for key in ("anyOf", "oneOf") for each in sequence(schema.get(key))]
    others = [each for each in members if each.get("type") != "null"]
    if len(others) == 1 and len(members) > 1:
        return {
            **bounded(others[0]),
            **{key: each for key, each in schema.items() if key not in ("anyOf", "oneOf")},
        }, True
    kinds = sequence(schema.get("type"))
    if "null" not in kinds:
        return schema, False
    plain: Node = {**schema, "type": next((each for each in kinds if each != "null"), None)}
    if enum := [each for each in sequence(schema.get("enum")) if each is not None]:
        plain["enum"] = [*enum]
    return plain, True


def _column(schemas: Schemas, schema: Node) -> tuple[str, str, str | None] | None:
    """The type of Python, that of SQL where SQLAlchemy would take another, and what it begins with."""
    kind = schema.get("type")
    if kind is None and all(isinstance(each, str) for each in sequence(schema.get("enum")) or [None]):
        kind = "string"
    if kind == "array":
        item = _column(schemas, _plain(schemas, schema.get("items"))[0])
        return (f"list[{item[0]}]", f"ARRAY({ITEMS[item[0]]})", "{}") if item and item[0] in ITEMS else None
    form = schema.get("format")
    found = TYPES.get((str(kind), str(form) if form else None))
    if found is None:
        return None
    python, first = found
    if python == "Decimal":
        return python, numeric(str(schema.get("pattern", ""))), first
    return python, "BigInteger()" if python == "int" and _is_big(schema) else "", first


def numeric(pattern: str) -> str:
    """The type for the numbers that a pattern allows: `^[0-9]{1,10}[.][0-9]{2}$` is `Numeric(12, 2)`; without an end, any number."""
    whole, *rest = _DOT.split(pattern, maxsplit=1)
    digits = [sum(int(found[1] or 1) for found in _DIGITS.finditer(part)) for part in (whole, *rest)]
    if re.search(r"(?:\\d|\[0-9\])[*+]", pattern) or not digits[0]:
        return "Numeric()"
    scale = digits[1] if rest else 0
    return f"Numeric({digits[0] + scale}, {scale})"


def _is_big(schema: Node) -> bool:
    """Whether a 32-bit column is too narrow; so it is where the contract gives no limits."""
    limits = [schema.get("minimum", 0), schema.get("maximum")]
    return not all(isinstance(each, int | float) and -(2**31) <= each < 2**31 for each in limits)


def _check(name: str, python: str, schema: Node) -> str:
    """The limits and the values of a column in SQL."""
    if values := [each for each in sequence(schema.get("enum")) if isinstance(each, str)]:
        listed = ", ".join("'" + each.replace("'", "''") + "'" for each in values)
        return f"{name} IN ({listed})" if python == "str" else ""
    if python not in ("int", "float"):
        return ""
    signs = {"minimum": ">=", "maximum": "<=", "exclusiveMinimum": ">", "exclusiveMaximum": "<"}
    return " AND ".join(f"{name} {sign} {schema[key]}" for key, sign in signs.items() if key in schema)


def _is_scalar(value: Json) -> bool:
    return isinstance(value, str | int | float | bool)


def _text(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
