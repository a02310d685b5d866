"""The budget of statements that a test sets."""

import pytest
from service_devkit.fixtures.queries import QueryBudget

from app.db.database import Database
from app.services import users


async def _recognise(database: Database) -> None:
    await users.recognise(database, auth_provider="test", auth_subject="ada", display_name="Ada", locale="en")


async def test_work_over_its_budget_fails_with_each_statement_and_its_line(
    database: Database, query_budget: QueryBudget
) -> None:
    expected = (
        r"2 statements, 1 allowed:\n"
        r"app/services/users\.py:\d+: SELECT users\.id, .* FROM users WHERE .*\n"
        r"app/services/users\.py:\d+: INSERT INTO users \(id, .*\) VALUES .*"
    )

    with pytest.raises(pytest.fail.Exception, match=rf"\A{expected}\Z"), query_budget(1):
        await _recognise(database)


async def test_work_within_its_budget_passes(database: Database, query_budget: QueryBudget) -> None:
    with query_budget(2) as statements:
        await _recognise(database)

    assert len(statements) == 2


async def test_error_inside_of_a_budget_is_not_hidden(database: Database, query_budget: QueryBudget) -> None:
    with pytest.raises(ZeroDivisionError), query_budget(0):
        await _recognise(database)
        raise ZeroDivisionError
