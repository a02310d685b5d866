"""The budget of statements that a test sets."""

import importlib.util
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from service_devkit.fixtures.queries import QueryBudget
from service_devkit.postgres.throwaway import ThrowawayCluster

WORK = """
from sqlalchemy import text

async def read(engine):
    async with engine.begin() as connection:
        await connection.execute(text("SELECT 1"))
        async with connection.begin_nested():
            await connection.execute(text("SELECT\\n    2"))
"""


@pytest.fixture
async def engine() -> AsyncIterator[AsyncEngine]:
    with ThrowawayCluster() as cluster:
        engine = create_async_engine(cluster.url().replace("postgresql://", "postgresql+asyncpg://"))
        yield engine
        await engine.dispose()


@pytest.fixture
def work(project: Path) -> ModuleType:
    """Code of the service that sends two statements."""
    path = project / "app" / "work.py"
    path.parent.mkdir()
    path.write_text(WORK)
    spec = importlib.util.spec_from_file_location("work_of_the_test", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def test_work_over_its_budget_fails_with_each_statement_and_its_line(
    engine: AsyncEngine, work: ModuleType
) -> None:
    expected = r"2 statements, 1 allowed:\napp/work\.py:6: SELECT 1\napp/work\.py:8: SELECT 2"

    with pytest.raises(pytest.fail.Exception, match=rf"\A{expected}\Z"), QueryBudget(engine)(1):
        await work.read(engine)


async def test_work_within_its_budget_passes(engine: AsyncEngine, work: ModuleType) -> None:
    with QueryBudget(engine)(2) as statements:
        await work.read(engine)

    assert len(statements) == 2


async def test_error_inside_of_a_budget_is_not_hidden(engine: AsyncEngine, work: ModuleType) -> None:
    with pytest.raises(ZeroDivisionError), QueryBudget(engine)(0):  # noqa: PT012 - the error comes after the work
        await work.read(engine)
        raise ZeroDivisionError


async def test_statement_of_a_test_is_reported_as_such(
    engine: AsyncEngine, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(project), *sys.path])

    with pytest.raises(pytest.fail.Exception, match=r"outside of app/: SELECT"), QueryBudget(engine)(0):
        async with engine.connect() as connection:
            await connection.exec_driver_sql("SELECT 1")
