"""Every error that a schema raises is known from the schema alone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Annotated, Literal, NamedTuple, get_args
from uuid import UUID

import pytest
from annotated_types import MultipleOf
from pydantic import (
    UUID4,
    AfterValidator,
    AnyUrl,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FutureDate,
    HttpUrl,
    Json,
    NaiveDatetime,
    PastDatetime,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import PydanticCustomError, core_schema
from typing_extensions import TypedDict

from service_devkit.translations.schemas import ERROR_TYPES, RAISED, errors_of

HOSTILE: list[object] = [
    *(None, True, 0, 1, -1, 7, 10**400, 0.5, 1e300, float("inf"), float("nan"), 2**63, Decimal("1.234567"), Decimal("123456.7")),
    *("", "x", "é", "1", "1.5", "true", "\ud800", "9" * 5000, "2026-01-01", "2026-13-01", "2026-01-01T25:00:00", "P1D", "Q", "25:00"),
    *("http://", "http://example.com", "ftp://example.com", "x" * 3000, "http://example.com/" + "x" * 3000, "not json", "{}"),
    *("7f8d5c0e-3b1a-1c52-9d6e-2f4b8a1c0d3e", "7f8d5c0e-3b1a-4c52-9d6e-2f4b8a1c0d3e", b"\xff", b"", b"abc"),
    *([], [1], [1, "x", None], ["a", "b", "c", "d"], [[]], (1, 2, 3), {1, 2}, {}, {"a": 1}, {"a": "x", "b": []}, {1: 2}),
    *({"kind": "cat"}, {"kind": "dog", "a": 1}, {"kind": "fish"}, {"kind": 1}, {"kind": "cat", "lives": "x", "more": 1}),
    *(date(2026, 1, 1), date(2090, 1, 1), datetime(2026, 1, 1), datetime(2026, 1, 1, 5), time(1), timedelta(1), object()),  # noqa: DTZ001 - without a zone on purpose
]  # fmt: skip


class Colour(Enum):
    RED = "red"


class Pair(NamedTuple):
    a: int
    b: int


class Typed(TypedDict):
    a: int


@dataclass
class Data:
    a: int


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = Field(default=9, le=9)


class Dog(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["dog"]
    puppies: list[Annotated[Cat, Field()]] = Field(default=[], max_length=2)


def _refuse(_value: object) -> object:
    raise PydanticCustomError("refused_form", "This is refused.")


def _plain(_value: object) -> object:
    raise ValueError("an English sentence")


def _asserting(value: object) -> object:
    assert value == 1
    return value


TYPES: list[object] = [
    *(None, bool, int, float, Decimal, Fraction, complex, str, bytes, date, time, datetime, timedelta, UUID, UUID4, AnyUrl, HttpUrl, Json[int]),
    *(AwareDatetime, NaiveDatetime, PastDatetime, FutureDate, Colour, Literal["a", 1], Pair, Typed, Data, Cat, Dog, Callable[[], int], type[int]),
    *(list[int], set[list[int]], frozenset[str], tuple[int, str], tuple[int, ...], dict[str, int], int | str, int | None),
    Annotated[Cat | Dog, Field(discriminator="kind")],
    Annotated[int, Field(gt=0, ge=0, lt=5, le=5, multiple_of=2)],
    Annotated[float, Field(allow_inf_nan=False, multiple_of=2)],
    Annotated[Decimal, Field(max_digits=3, decimal_places=1)],
    Annotated[Decimal, Field(max_digits=3)],
    Annotated[str, Field(min_length=2, max_length=3, pattern="^a")],
    Annotated[str, StringConstraints(strip_whitespace=True, ascii_only=True)],
    Annotated[bytes, Field(min_length=2, max_length=2)],
    Annotated[list[str], Field(min_length=2, max_length=2)],
    Annotated[dict[str, int], Field(min_length=2)],
    Annotated[int | str, Field(gt=3)],
    Annotated[object, MultipleOf(2)],
    Annotated[AnyUrl, Field(max_length=20)],
    Annotated[str, AfterValidator(_refuse)],
    Annotated[str, BeforeValidator(_plain)],
    Annotated[str, AfterValidator(_asserting)],
    Annotated[str, AfterValidator(int)],
]  # fmt: skip


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("strict", [False, True])
def test_no_value_raises_what_the_schema_does_not_foretell(kind: object, *, strict: bool) -> None:
    adapter: TypeAdapter[object] = TypeAdapter(kind)  # type: ignore[arg-type] # a type that is known at run time only
    foretold, unknown = errors_of(adapter.core_schema)

    raised = {error for value in HOSTILE for error in _errors(adapter, value, strict=strict)}

    assert raised - foretold == set()
    assert unknown == set()


def _errors(adapter: TypeAdapter[object], value: object, *, strict: bool) -> set[str]:
    try:
        adapter.validate_python(value, strict=strict)
    except ValidationError as refused:
        return {error["type"] for error in refused.errors(include_url=False)}
    except TypeError:  # of a constraint that does not fit the type, which is no answer to a caller
        return set()
    return set()


def test_table_has_the_kinds_and_the_errors_of_this_pydantic() -> None:
    kinds = {*get_args(core_schema.CoreSchemaType), *get_args(core_schema.CoreSchemaFieldType)}
    not_of_requests = {"invalid", "arguments", "arguments-v3", "call", "computed-field"}

    assert kinds - RAISED.keys() == not_of_requests
    assert {error for errors in RAISED.values() for error in errors.split()} - ERROR_TYPES == set()


def test_kind_that_nobody_knows_is_reported() -> None:
    _, unknown = errors_of({"type": "list", "items_schema": {"type": "of-the-future"}})

    assert unknown == {"of-the-future"}


def test_error_that_a_schema_names_itself_is_found() -> None:
    found, _ = errors_of(
        core_schema.custom_error_schema(core_schema.int_schema(), "even_number", custom_error_message="x")
    )

    assert "even_number" in found
