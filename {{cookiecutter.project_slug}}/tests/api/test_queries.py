"""Every operation, called once by somebody who is known: the statements that it sends."""

import re
from collections.abc import Callable

import httpx2
import pytest
from fastapi import FastAPI
from service_devkit.fixtures.queries import Statements, recording
from sqlalchemy import Engine

from app.auth.guard import operations_of
from tests.api.queries import NOUNS, TABLE
from tests.api.query_tables import PROMISED, Noun, call

ME = "/api/v1/users/me"
OPERATIONS = list(dict.fromkeys([*PROMISED, *TABLE]))
READS = [operation for operation in TABLE if operation.startswith("GET ")]

Hold = Callable[[str, Statements], None]


@pytest.fixture
def noun(operation: str) -> Noun:
    """The noun whose table has the operation under test, or would have it."""
    of_table = (noun for noun in NOUNS.values() if operation in noun.statements)
    found = next(of_table, NOUNS.get(PROMISED.get(operation, "")))
    assert found, f"{operation} has no table: tests/api/queries/{PROMISED.get(operation)}.py is not there"
    return found


@pytest.fixture
def caller(request: pytest.FixtureRequest, noun: Noun) -> httpx2.AsyncClient:
    """The client that calls the operation under test."""
    client: httpx2.AsyncClient = request.getfixturevalue(noun.client)
    return client


@pytest.fixture
def hold(pytestconfig: pytest.Config, noun: Noun) -> Hold:
    """Compares what an operation sends with its table, or writes the table with `--write-queries`."""
    return noun.write if pytestconfig.getoption("--write-queries") else noun.compare


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_operation_sends_the_statements_of_its_table(
    caller: httpx2.AsyncClient, noun: Noun, hold: Hold, operation: str
) -> None:
    given = await noun.given(caller)
    await caller.get(ME, headers=given.headers)

    with recording(Engine) as statements:
        response = await call(caller, operation, given)

    assert response.is_success, response.text
    hold(operation, statements)


def test_tables_have_every_operation_and_no_other(app: FastAPI) -> None:
    operations = {
        operation for operation, _ in operations_of(app.routes) if not operation.startswith(("WEBSOCKET ", "STREAM "))
    }

    assert set(TABLE) == operations


@pytest.mark.parametrize("operation", READS)
def test_read_takes_two_statements_at_most(operation: str) -> None:
    assert len(TABLE[operation]) <= 2


@pytest.mark.parametrize("operation", READS)
def test_read_does_not_ask_who_the_caller_is(operation: str) -> None:
    assert [text for text in TABLE[operation] if re.search(r"\bauth_subject\s*=", text)] == []
