"""What each connection is asked for, and what happens to those that died."""

import asyncio

import pytest
from pydantic import SecretStr
from sqlalchemy import Integer, column, func, insert, select, table, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.database_url import DatabaseUrlError
from app.core.errors import Unavailable
from app.core.settings.database import DatabaseSettings, Pooler
from app.db.database import Database
from app.db.engine import address_of, connect_args, create_pooled_engine, direct_address_of


def _settings(url: str = "postgresql://u:p@127.0.0.1:9/db", **values: object) -> DatabaseSettings:
    return DatabaseSettings(database_url=SecretStr(url), **values)  # type: ignore[arg-type] # settings parse what they get


def _connect_args(url: str, pooler: Pooler) -> dict[str, object]:
    settings = _settings(url, db_pooler=pooler, db_statement_timeout=2.5)
    return connect_args(settings, address_of(settings))


def test_without_a_pooler_the_server_enforces_the_timeouts() -> None:
    arguments = _connect_args("postgresql://u:p@h/db", "none")

    assert arguments["command_timeout"] == 2.5
    assert arguments["server_settings"] == {
        "application_name": arguments["server_settings"]["application_name"],  # type: ignore[index] # a dictionary
        "statement_timeout": "2500",
        "idle_in_transaction_session_timeout": "30000",
    }
    assert "statement_cache_size" not in arguments


@pytest.mark.parametrize("pooler", ["session", "transaction"])
def test_pooler_gets_no_startup_parameter_that_it_refuses(pooler: Pooler) -> None:
    arguments = _connect_args("postgresql://u:p@h/db", pooler)

    assert list(arguments["server_settings"]) == ["application_name"]  # type: ignore[call-overload] # a dictionary


@pytest.mark.parametrize(("url", "pooler"), [("", "transaction"), ("?pgbouncer=true", "none")])
def test_transaction_pooler_gets_no_prepared_statements(url: str, pooler: Pooler) -> None:
    arguments = _connect_args(f"postgresql://u:p@h/db{url}", pooler)

    assert arguments["statement_cache_size"] == 0
    assert arguments["prepared_statement_cache_size"] == 0
    assert "prepared_statement_name_func" not in arguments


def test_missing_address_says_how_to_get_one() -> None:
    with pytest.raises(DatabaseUrlError, match="just dev"):
        create_pooled_engine(DatabaseSettings())


@pytest.mark.parametrize(("url", "pooler"), [("", "transaction"), ("?pgbouncer=true", "none")])
def test_migrations_do_not_go_through_a_transaction_pooler(url: str, pooler: Pooler) -> None:
    with pytest.raises(DatabaseUrlError, match="set DIRECT_URL"):
        direct_address_of(_settings(f"postgresql://u:p@h/db{url}", db_pooler=pooler))


async def test_server_that_is_not_there_is_unavailable() -> None:
    database = Database(create_pooled_engine(_settings()))

    with pytest.raises(Unavailable):
        async with database.session() as session:
            await session.execute(text("SELECT 1"))


async def test_first_of_several_hosts_that_answers_is_taken(fresh_database_url: str) -> None:
    several = fresh_database_url.replace("@127.0.0.1:", "@127.0.0.1:9,127.0.0.1:")
    database = Database(create_pooled_engine(_settings(several)))

    async with database.session() as session:
        assert await session.scalar(text("SELECT 1")) == 1
    await database.dispose()


async def test_statement_over_its_time_is_unavailable(fresh_database_url: str) -> None:
    database = Database(create_pooled_engine(_settings(fresh_database_url, db_statement_timeout=0.3)))

    with pytest.raises(Unavailable):
        async with database.session() as session:
            await session.execute(text("SELECT pg_sleep(60)"))
    async with database.session() as session:
        assert await session.scalar(text("SELECT 1")) == 1
    await database.dispose()


async def _backend(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        pid: int = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
    return pid


async def test_connection_that_the_server_closed_is_replaced_before_use(
    fresh_database_url: str, database: Database
) -> None:
    engine = create_pooled_engine(_settings(fresh_database_url))
    before = await _backend(engine)
    async with database.session() as session:
        await session.execute(text(f"SELECT pg_terminate_backend({before}, 2000)"))

    after = await _backend(engine)

    assert after != before
    await engine.dispose()


async def test_connection_that_idled_is_asked_before_use(fresh_database_url: str) -> None:
    engine = create_pooled_engine(_settings(fresh_database_url, db_ping_after=0))
    before = await _backend(engine)

    assert await _backend(engine) == before
    await engine.dispose()


async def test_connection_that_does_not_answer_when_asked_is_replaced(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = create_pooled_engine(_settings(fresh_database_url, db_ping_after=0))
    before = await _backend(engine)
    monkeypatch.setattr("app.db.engine.PING_TIMEOUT", 0.000001)

    after = await _backend(engine)

    assert after != before
    await engine.dispose()


async def test_reader_opens_no_transaction(fresh_database_url: str) -> None:
    database = Database(create_pooled_engine(_settings(fresh_database_url)))
    now = select(func.now())

    first, second = await database.reader.run(lambda connection: (connection.scalar(now), connection.scalar(now)))

    assert first != second  # now() stands still in a transaction
    await database.dispose()


async def test_reader_holds_no_connection_between_statements(fresh_database_url: str) -> None:
    database = Database(create_pooled_engine(_settings(fresh_database_url)))

    await database.reader.rows(select(func.now()))

    assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined] # not every pool counts; this one does
    await database.dispose()


async def test_reader_that_is_cancelled_gives_no_busy_connection_back(fresh_database_url: str) -> None:
    database = Database(create_pooled_engine(_settings(fresh_database_url, db_pool_size=1, db_pool_overflow=0)))
    sleeping = asyncio.create_task(database.reader.rows(select(func.pg_sleep(60))))
    await asyncio.sleep(0.1)

    sleeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeping

    async with asyncio.timeout(30):
        assert await database.reader.row(select(func.length("four"))) == (4,)
    await database.dispose()


async def test_session_commits_at_the_end_and_rolls_back_on_an_error(committing_database: Database) -> None:
    async with committing_database.session() as session:
        await session.execute(text("CREATE TABLE notes (id int)"))
    with pytest.raises(DBAPIError):
        async with committing_database.session() as session:
            await session.execute(text("INSERT INTO notes VALUES (1)"))
            await session.execute(text("SELECT 1 / 0"))

    async with committing_database.session() as session:
        assert await session.scalar(text("SELECT count(*) FROM notes")) == 0


async def test_engine_of_the_database_rolls_back_on_an_error(committing_database: Database) -> None:
    with pytest.raises(DBAPIError):
        async with committing_database.engine.begin() as connection:
            await connection.execute(text("CREATE TABLE notes (id int)"))
            await connection.execute(text("SELECT 1 / 0"))

    row = await committing_database.reader.row(select(func.to_regclass("notes")))
    assert row == (None,)


async def test_one_statement_is_committed_when_it_returns(committing_database: Database) -> None:
    async with committing_database.session() as session:
        await session.execute(text("CREATE TABLE notes (id int PRIMARY KEY)"))
    number = column("id", Integer)
    note = insert(table("notes", number)).values(id=1).returning(number)

    await committing_database.write(note)
    with pytest.raises(DBAPIError):
        await committing_database.write(note)

    async with committing_database.session() as session:
        assert await session.scalar(text("SELECT count(*) FROM notes")) == 1
