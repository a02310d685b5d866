"""Bodies are strict as JSON is strict, and hold only what a column can."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from app.core.settings import Settings
from app.db.database import Database
from app.main import create_app
from app.schemas.base import Input, Query


class Cat(Input):
    """One of two kinds."""

    kind: Literal["cat"]
    lives: int


class Dog(Input):
    """The other."""

    kind: Literal["dog"]


class Everything(Input):
    """A field of each type that a contract can have; some are called as the keys of pydantic's own schemas are."""

    type: int = 0
    default: bool = False
    metadata: float = 0
    moment: AwareDatetime | None = None
    local: datetime | None = None
    day: date | None = None
    hour: time | None = None
    lasting: timedelta | None = None
    money: Decimal = Decimal(0)
    id: UUID | None = None
    text: Annotated[str, Field(min_length=1, json_schema_extra={"type": "string"})] = "x"
    numbers: list[int] = Field(default=[])
    counts: dict[str, int] = Field(default={})
    free: dict[str, Any] = Field(default={})
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None
    children: list["Everything"] = Field(default=[])


BODY = TypeAdapter(Everything)  # as the framework validates a body: Python objects that were parsed from JSON
REFUSED: list[tuple[dict[str, object], str]] = [
    ({"type": "1"}, "int_type"),
    ({"type": True}, "int_type"),
    ({"type": 1.0}, "int_type"),
    ({"type": 2**63}, "integer_range"),
    ({"type": -(2**70)}, "integer_range"),
    ({"default": "no"}, "bool_type"),
    ({"default": 0}, "bool_type"),
    ({"metadata": "1.5"}, "float_type"),
    ({"metadata": True}, "float_type"),
    ({"metadata": float("nan")}, "finite_number"),
    ({"moment": 1_700_000_000}, "datetime_type"),
    ({"moment": "1700000000"}, "datetime_type"),
    ({"moment": "2026-01-01"}, "datetime_type"),
    ({"moment": "2026-01-01T00:00:00"}, "timezone_aware"),
    ({"moment": "0001-01-01T00:00:00+14:00"}, "datetime_range"),
    ({"moment": "9999-12-31T23:59:59-14:00"}, "datetime_range"),
    ({"local": 1.5}, "datetime_type"),
    ({"day": 20_000}, "date_type"),
    ({"day": "1700000000"}, "date_type"),
    ({"day": "2026-01-01T00:00:00"}, "date_type"),
    ({"hour": 3600}, "time_type"),
    ({"lasting": 60}, "time_delta_type"),
    ({"lasting": "60"}, "time_delta_type"),
    ({"money": True}, "decimal_type"),
    ({"money": "NaN"}, "finite_number"),
    ({"id": 1}, "uuid_type"),
    ({"text": 1}, "string_type"),
    ({"text": "a\0b"}, "string_nul"),
    ({"numbers": ["1"]}, "int_type"),
    ({"numbers": [2**64]}, "integer_range"),
    ({"counts": {"a": "1"}}, "int_type"),
    ({"counts": {"a\0": 1}}, "string_nul"),
    ({"free": {"a": ["b", {"c": "\0"}]}}, "string_nul"),
    ({"pet": {"kind": "cat", "lives": "9"}}, "int_type"),
    ({"children": [{"children": [{"type": "1"}]}]}, "int_type"),
]


@pytest.mark.parametrize(("body", "code"), REFUSED, ids=str)
def test_value_of_another_type_or_beyond_a_column_is_refused(body: dict[str, object], code: str) -> None:
    with pytest.raises(ValidationError) as error:
        BODY.validate_python(body)

    assert [part["type"] for part in error.value.errors()] == [code]


class Asked(Query):
    """A parameter of each type whose text has a form."""

    text: str = ""
    texts: list[str] = Field(default=[])
    day: date | None = None
    moment: AwareDatetime | None = None
    hour: time | None = None
    lasting: timedelta | None = None
    pages: int = 0


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"text": "a\0"}, "string_nul"),
        ({"texts": ["a", "\0"]}, "string_nul"),
        ({"day": "0"}, "date_type"),
        ({"moment": "1700000000"}, "datetime_type"),
        ({"moment": "2026-01-01T00:00:00"}, "timezone_aware"),
        ({"hour": "3600"}, "time_type"),
        ({"lasting": "60"}, "time_delta_type"),
    ],
)
def test_text_of_a_query_that_has_another_form_is_refused(query: dict[str, object], code: str) -> None:
    with pytest.raises(ValidationError) as error:
        Asked.model_validate(query)

    assert [part["type"] for part in error.value.errors()] == [code]


def test_text_of_a_query_is_parsed() -> None:
    found = Asked.model_validate({"day": "2026-01-01", "pages": "3", "lasting": "PT1H", "hour": "12:30"})

    assert (found.day, found.pages, found.lasting) == (date(2026, 1, 1), 3, timedelta(hours=1))


@pytest.mark.parametrize(
    "body",
    [
        {"type": 2**63 - 1},
        {"type": -(2**63)},
        {"metadata": 1},
        {"moment": "2026-01-01T00:00:00.5+02:00"},
        {"moment": "9999-12-31T23:59:59Z"},
        {"local": "2026-01-01T00:00:00"},
        {"day": "2026-01-01"},
        {"hour": "12:30"},
        {"lasting": "PT1H30M"},
        {"money": "10.10"},
        {"money": 10},
        {"money": 10.5},
        {"id": "12345678-1234-1234-1234-123456789012"},
        {"pet": {"kind": "cat", "lives": 9}},
        {"counts": {"a": 1}, "numbers": [1], "free": {"a": [1.5, None, True]}},
    ],
    ids=str,
)
def test_value_of_its_own_type_is_taken(body: dict[str, object]) -> None:
    assert BODY.validate_python(body).model_fields_set == set(body)


def test_strictness_is_not_seen_in_the_schema() -> None:
    properties = Everything.model_json_schema()["$defs"]["Everything"]["properties"]

    assert properties["type"] == {"default": 0, "title": "Type", "type": "integer"}
    assert properties["moment"]["anyOf"][0] == {"format": "date-time", "type": "string"}


@pytest.fixture
def app(settings: Settings, database: Database) -> FastAPI:
    """The application with a route that takes everything."""
    app = create_app(settings, database=database)
    router = APIRouter()

    @router.post("/everything")
    async def take(body: Everything) -> int:
        return body.type

    app.include_router(router)
    return app


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        (b'{"type": "1"}', "/type"),
        (b'{"children": [{"moment": 1}]}', "/children/0/moment"),
        (b'{"text": "\\u0000"}', "/text"),
    ],
)
async def test_body_is_refused_with_the_place(anonymous: httpx2.AsyncClient, content: bytes, pointer: str) -> None:
    response = await anonymous.post("/everything", content=content, headers={"Content-Type": "application/json"})

    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
