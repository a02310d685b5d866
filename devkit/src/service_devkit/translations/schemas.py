"""Which errors the schemas of an application can raise, by walking what pydantic has made of them."""

import inspect
import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final, get_args

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from pydantic_core import core_schema
from pydantic_core._pydantic_core import list_all_errors  # nothing public has the texts

ERROR_TYPES: Final = frozenset(get_args(core_schema.ErrorType))
ENGLISH: Final[Mapping[str, str]] = {
    each["type"]: each.get("message_template_json") or each["message_template_python"] for each in list_all_errors()
}
# What a kind of schema raises; a kind that only holds others raises nothing.
RAISED: Final[Mapping[str, str]] = {
    "any": "",
    "none": "none_required",
    "bool": "bool_type bool_parsing",
    "int": "int_type int_parsing int_parsing_size int_from_float finite_number",
    "float": "float_type float_parsing finite_number",
    "decimal": "is_instance_of decimal_type decimal_parsing finite_number decimal_whole_digits",
    "fraction": "is_instance_of fraction_type fraction_parsing",
    "str": "string_type",
    "bytes": "bytes_type bytes_invalid_encoding",
    "date": "date_type date_parsing date_from_datetime_parsing date_from_datetime_inexact date_past date_future",
    "time": "time_type time_parsing timezone_naive timezone_aware timezone_offset",
    "datetime": "datetime_type datetime_parsing datetime_object_invalid datetime_from_date_parsing datetime_past datetime_future"
    " timezone_naive timezone_aware timezone_offset",
    "timedelta": "time_delta_type time_delta_parsing",
    "literal": "literal_error int_parsing_size",
    "missing-sentinel": "missing_sentinel_error",
    "ellipsis": "ellipsis_error",
    "enum": "enum is_instance_of int_parsing_size",
    "is-instance": "is_instance_of",
    "is-subclass": "is_subclass_of",
    "callable": "callable_type",
    "list": "list_type iteration_error",
    "deque": "deque_type iteration_error",
    "tuple": "tuple_type iteration_error too_short too_long missing",
    "set": "set_type iteration_error set_item_not_hashable",
    "frozenset": "frozen_set_type iteration_error set_item_not_hashable",
    "generator": "iterable_type iteration_error",
    "dict": "dict_type mapping_type",
    "frozendict": "frozen_dict_type mapping_type",
    "ordered-dict": "ordered_dict_type mapping_type",
    "counter": "counter_type mapping_type",
    "function-after": "",
    "function-before": "",
    "function-wrap": "",
    "function-plain": "",
    "default": "default_factory_not_called",
    "nullable": "",
    "union": "",
    "tagged-union": "union_tag_invalid union_tag_not_found model_attributes_type",
    "chain": "",
    "lax-or-strict": "",
    "json-or-python": "",
    "typed-dict": "dict_type missing extra_forbidden invalid_key",
    "model-fields": "model_type model_attributes_type missing extra_forbidden invalid_key",
    "model": "model_type model_attributes_type frozen_instance",
    "dataclass-args": "dataclass_type invalid_key missing extra_forbidden unexpected_keyword_argument unexpected_positional_argument",
    "dataclass": "dataclass_type dataclass_exact_type",
    "named-tuple": "named_tuple_type invalid_key missing extra_forbidden too_long unexpected_keyword_argument unexpected_positional_argument",
    "json": "json_type json_invalid",
    "url": "url_type url_parsing url_syntax_violation url_scheme",
    "multi-host-url": "url_type url_parsing url_syntax_violation url_scheme",
    "definitions": "",
    "definition-ref": "",
    "uuid": "uuid_type uuid_parsing uuid_version is_instance_of",
    "complex": "is_instance_of complex_type complex_str_parsing",
    "custom-error": "",
    "model-field": "frozen_field",
    "dataclass-field": "frozen_field",
    "typed-dict-field": "",
    "named-tuple-field": "",
}
# What a limit raises, where the kind of the schema makes no difference.
_LIMITS: Final = {
    "gt": "greater_than",
    "ge": "greater_than_equal",
    "lt": "less_than",
    "le": "less_than_equal",
    "multiple_of": "multiple_of",
    "pattern": "string_pattern_mismatch",
    "max_digits": "decimal_max_digits",
    "decimal_places": "decimal_max_places",
    "ascii_only": "string_not_ascii",
}
_LENGTHS: Final = {"str": "string_", "bytes": "bytes_", "url": "url_", "multi-host-url": "url_"}
_OPAQUE: Final = frozenset(
    {"function", "default", "metadata", "serialization", "computed_fields", "config", "expected", "members"}
)
_RAISING: Final = re.compile(r"Pydantic(?:Known|Custom)Error\(\s*[\"'](\w+)")
_PLAIN: Final = re.compile(r"\braise (ValueError|AssertionError)\b|^\s*(assert)\b", re.MULTILINE)


def errors_of_requests(app: FastAPI) -> tuple[frozenset[str], frozenset[str]]:
    """The types of all errors that the parameters and bodies of the application can raise, and the kinds of schema of which that is not known."""
    found: set[str] = {"json_invalid", "missing"}  # of the framework itself
    unknown: set[str] = set()
    for route in iter_route_contexts(app.routes):
        if isinstance(dependant := getattr(route, "dependant", None), Dependant):
            for schema in _schemas(dependant):
                errors, others = errors_of(schema)
                found |= errors
                unknown |= others
    return frozenset(found), frozenset(unknown)


def errors_of(schema: object) -> tuple[set[str], set[str]]:
    """The types of errors of one core schema, and the kinds in it that are not known."""
    found = {"string_unicode"}  # of every kind that reads a text
    unknown: set[str] = set()
    for node in _nodes(schema):
        kind = node["type"]
        if not isinstance(kind, str) or kind not in RAISED:
            unknown.add(str(kind))
            continue
        found.update(RAISED[kind].split(), _limits(node, kind), _of_function(node))
        if kind == "custom-error":
            found.add(str(node["custom_error_type"]))
    return found, unknown


def _schemas(dependant: Dependant) -> Iterator[object]:
    of_kinds = (dependant.path_params, dependant.query_params, dependant.header_params, dependant.cookie_params)
    for fields in (*of_kinds, dependant.body_params):
        for field in fields:
            yield field._type_adapter.core_schema  # noqa: SLF001 - the framework keeps what it validates with to itself
    for dependency in dependant.dependencies:
        yield from _schemas(dependency)


def _nodes(value: object) -> Iterator[Mapping[str, object]]:
    """Every schema in a schema; the names of fields are no schemas."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from _nodes(item)
    if not isinstance(value, dict):
        return
    if isinstance(value.get("type"), str):
        yield value
        for key, inner in value.items():
            if key not in _OPAQUE:
                yield from _nodes(inner)
    else:
        for inner in value.values():
            yield from _nodes(inner)


def _limits(node: Mapping[str, object], kind: str) -> Iterator[str]:
    for limit, error in _LIMITS.items():
        if node.get(limit) is not None:
            yield error
    for limit, ending in (("min_length", "too_short"), ("max_length", "too_long")):
        if node.get(limit) is not None:
            yield _LENGTHS.get(kind, "") + ending


def _of_function(node: Mapping[str, object]) -> Iterator[str]:
    """What the source of a validator names; of one without source nobody knows more than that it may raise a `ValueError`."""
    holder = node.get("function")
    if not isinstance(holder, dict):
        return
    function = holder["function"]
    while isinstance(function, partial):
        function = function.func
    try:
        source = inspect.getsource(function)
    except (OSError, TypeError):
        yield "value_error"
        return
    yield from _RAISING.findall(source)
    for plain, asserted in _PLAIN.findall(source):
        yield "assertion_error" if asserted or plain == "AssertionError" else "value_error"
