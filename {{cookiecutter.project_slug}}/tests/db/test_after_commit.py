"""What waits for the commit, and what a rollback takes along."""

from collections.abc import Awaitable, Callable

import pytest
import structlog
from sqlalchemy import text

from app.core.errors import Conflict
from app.db.after_commit import after_commit
from app.db.database import Database


def note(name: str, done: list[str]) -> Callable[[], Awaitable[None]]:
    async def work() -> None:
        done.append(name)

    return work


async def test_work_is_done_after_the_commit_in_order(committing_database: Database) -> None:
    done: list[str] = []

    async with committing_database.session() as session:
        after_commit(session, note("first", done))
        after_commit(session, note("second", done))
        await session.execute(text("SELECT 1"))
        before = list(done)

    assert before == []
    assert done == ["first", "second"]


async def test_rolled_back_transaction_does_no_work(committing_database: Database) -> None:
    done: list[str] = []

    with pytest.raises(Conflict):
        async with committing_database.session() as session:
            await session.execute(text("SELECT 1"))
            after_commit(session, note("never", done))
            raise Conflict

    assert done == []


async def test_commit_that_fails_does_no_work(committing_database: Database) -> None:
    done: list[str] = []
    deferred = text("CREATE TEMP TABLE once (n int UNIQUE DEFERRABLE INITIALLY DEFERRED) ON COMMIT DROP")

    with pytest.raises(Exception, match="once"):
        async with committing_database.session() as session:
            await session.execute(deferred)
            await session.execute(text("INSERT INTO once VALUES (1), (1)"))
            after_commit(session, note("never", done))

    assert done == []


async def test_only_the_work_of_savepoints_that_were_kept_is_done(committing_database: Database) -> None:
    done: list[str] = []

    async with committing_database.session() as session:
        after_commit(session, note("outer", done))
        with pytest.raises(Conflict):
            async with session.begin_nested():
                async with session.begin_nested():
                    after_commit(session, note("released inside of a lost one", done))
                raise Conflict
        async with session.begin_nested():
            after_commit(session, note("kept", done))

    assert done == ["outer", "kept"]


async def test_work_that_fails_is_logged_and_the_rest_goes_on(
    committing_database: Database, logs: list[structlog.typing.EventDict]
) -> None:
    done: list[str] = []

    async def fail() -> None:
        raise RuntimeError("the other side is away")

    async with committing_database.session() as session:
        after_commit(session, fail)
        after_commit(session, note("next", done))

    assert done == ["next"]
    assert [line["event"] for line in logs] == ["work after the commit failed"]


async def test_work_holds_no_connection(committing_database: Database) -> None:
    held: list[int] = []

    async def count() -> None:
        held.append(committing_database.engine.pool.checkedout())  # type: ignore[attr-defined] # of a queue pool

    async with committing_database.session() as session:
        await session.execute(text("SELECT 1"))
        after_commit(session, count)

    assert held == [0]
