"""Tests do not see each other, and what a test sees of the database is what the service would see."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.database import Database
from app.models.users import User
from tests.plugins.database import RollbackDatabase


def _ada() -> User:
    return User(auth_provider="test", auth_subject="ada", display_name="Ada", locale="en")


def _grace() -> User:
    return User(auth_provider="test", auth_subject="grace", display_name="Grace", locale="en")


async def _add(database: Database, *users: User) -> None:
    async with database.session() as session:
        for user in users:
            session.add(user)
            await session.flush()


async def _subjects(database: Database) -> list[str]:
    rows = await database.reader.rows(select(User.auth_subject).where(User.auth_provider == "test"))
    return [row.auth_subject for row in rows]


@pytest.mark.parametrize("_turn", [1, 2])
async def test_same_unique_key_is_committed_twice(database: RollbackDatabase, _turn: int) -> None:
    await _add(database, _ada())

    assert await _subjects(database) == ["ada"]


@pytest.mark.parametrize("_turn", [1, 2])
async def test_same_unique_key_is_really_committed_twice(committing_database: Database, _turn: int) -> None:
    await _add(committing_database, _ada())

    assert await _subjects(committing_database) == ["ada"]


async def test_rows_of_a_test_are_not_in_the_database(database: RollbackDatabase, database_url: str) -> None:
    await _add(database, _ada())

    outside = await asyncpg.connect(database_url)
    count = await outside.fetchval("SELECT count(*) FROM users")
    await outside.close()

    assert count == 0


async def test_failing_block_is_rolled_back_and_the_test_goes_on(database: RollbackDatabase) -> None:
    await _add(database, _ada())

    with pytest.raises(IntegrityError):
        await _add(database, _grace(), _ada())

    assert await _subjects(database) == ["ada"]


async def test_arranged_rows_are_there_for_the_service(database: RollbackDatabase, session: AsyncSession) -> None:
    session.add(_ada())

    assert await _subjects(database) == ["ada"]


async def test_arranged_objects_are_read_anew(database: RollbackDatabase, session: AsyncSession) -> None:
    arranged = _ada()
    session.add(arranged)
    async with database.session() as acting:
        found = await acting.get_one(User, arranged.id)
        found.display_name = "Countess of Lovelace"

    asserted = await session.get_one(User, arranged.id)

    assert found is not arranged
    assert asserted is not arranged
    assert asserted.display_name == "Countess of Lovelace"


async def test_reader_sees_what_the_test_wrote(database: RollbackDatabase) -> None:
    await _add(database, _ada())

    assert await database.reader.row(select(func.count()).select_from(User)) == (1,)


async def test_concurrent_transactions_are_real_on_a_committing_database(committing_database: Database) -> None:
    async def sleep() -> None:
        async with committing_database.session() as session:
            await session.execute(text("SELECT pg_sleep(0.2)"))

    started = asyncio.get_running_loop().time()
    await asyncio.gather(*(sleep() for _ in range(5)))

    assert asyncio.get_running_loop().time() - started < 0.8


@pytest.fixture(scope="session")
async def session_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


@pytest.mark.parametrize("_turn", [1, 2])
async def test_all_tests_and_fixtures_run_in_one_loop(session_loop: asyncio.AbstractEventLoop, _turn: int) -> None:
    assert asyncio.get_running_loop() is session_loop
