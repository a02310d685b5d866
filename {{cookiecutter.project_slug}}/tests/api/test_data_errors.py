"""A value that the database cannot take is refused, never a 500, whatever the contract has forgotten."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from sqlalchemy import ARRAY, BigInteger, DateTime, Integer, Numeric, SmallInteger, Text, bindparam, cast, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from app.core.settings import Settings
from app.db.database import Database
from app.main import create_app

Value = tuple[TypeEngine[Any], object]  # the type of a column, whichever it is

MOMENT = DateTime(timezone=True)
REFUSED: dict[str, Value] = {
    "NUL in a text": (Text(), "hidden\0from all"),
    "NUL in a list": (ARRAY(Text()), ["hidden", "from\0all"]),
    "NUL in JSON": (JSONB(), {"hidden": "from\0all"}),
    "lone surrogate": (Text(), "hidden\ud800"),
    "beyond int2": (SmallInteger(), 2**15),
    "beyond int4": (Integer(), 2**31),
    "beyond int8": (BigInteger(), -(2**63) - 1),
    "beyond the digits of a column": (Numeric(4, 2), Decimal("100.00")),
    "before the first moment": (MOMENT, datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))),
    "after the last moment": (MOMENT, datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=-14)))),
}
TAKEN: dict[str, Value] = {
    "greatest int8": (BigInteger(), 2**63 - 1),
    "last moment": (MOMENT, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
}
MISTAKES: dict[str, Value] = {"text as a number of our code": (Integer(), "hidden")}


@pytest.fixture
def app(settings: Settings, committing_database: Database) -> FastAPI:
    """The application with a route that hands a named value to PostgreSQL."""
    app = create_app(settings, database=committing_database)
    router = APIRouter()

    @router.get("/hand-over/{name}")
    async def hand_over(name: str) -> str:
        kind, value = (REFUSED | TAKEN | MISTAKES)[name]
        async with committing_database.session() as session:
            return str(await session.scalar(select(cast(bindparam("value", value, type_=kind), kind))))

    app.include_router(router)
    return app


@pytest.mark.parametrize("name", REFUSED)
async def test_value_that_the_database_cannot_take_is_refused(
    anonymous: httpx2.AsyncClient, logs: list[dict[str, object]], name: str
) -> None:
    response = await anonymous.get(f"/hand-over/{name}")

    assert response.status_code == 422, response.text
    assert response.json()["code"] == "validation_failed"
    [line] = [line for line in logs if line["log_level"] == "warning"]
    assert line["event"] == "a value that the contract allows was refused by the database"
    assert "hidden" not in str(logs) + response.text


@pytest.mark.parametrize("name", TAKEN)
async def test_value_at_the_end_of_its_range_is_taken(anonymous: httpx2.AsyncClient, name: str) -> None:
    assert (await anonymous.get(f"/hand-over/{name}")).status_code == 200


@pytest.mark.parametrize("name", MISTAKES)
async def test_value_of_another_type_than_its_column_is_our_mistake(anonymous: httpx2.AsyncClient, name: str) -> None:
    assert (await anonymous.get(f"/hand-over/{name}")).status_code == 500


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("POST", (422, "validation_failed")),
        ("PATCH", (422, "validation_failed")),
        ("DELETE", (409, "conflict")),
    ],
)
async def test_id_of_nothing_is_refused_and_what_others_refer_to_stays(
    app: FastAPI, committing_database: Database, anonymous: httpx2.AsyncClient, method: str, answer: tuple[int, str]
) -> None:
    async def violate() -> None:
        async with committing_database.session() as session:
            await session.execute(text("DO $$ BEGIN RAISE foreign_key_violation; END $$"))

    app.add_api_route("/violate", violate, methods=[method])

    response = await anonymous.request(method, "/violate")

    assert (response.status_code, response.json()["code"]) == answer
