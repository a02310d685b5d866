"""What is enqueued is part of the transaction, is checked when it is enqueued, and runs with the arguments that were given."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

import pytest
import structlog
from pgqueuer.models import Job as Row
from pydantic import SecretStr, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app import jobs
from app.core.middleware.request_context import request_state
from app.db.database import Database
from app.jobs.engine.port import JOBS, load_jobs
from app.jobs.engine.queue import SessionDriver, queries_on
from app.jobs.engine.runner import wait_after

NOBODY = UUID(int=7)
ran: list[tuple[UUID, str]] = []


async def greet(context: jobs.Context, *, user_id: UUID, tone: Literal["warm", "cool"] = "warm") -> None:
    """Remember who was greeted."""
    del context
    ran.append((user_id, tone))


@pytest.fixture(autouse=True)
def greeting() -> Iterator[jobs.Job[...]]:
    """The function above as a job, for the length of a test."""
    ran.clear()
    yield jobs.job(priority=3)(greet)
    del JOBS["test_port.greet"]


async def queued(database: Database) -> list[Row]:
    """The jobs that a worker would see."""
    async with database.session() as session:
        return await queries_on(SessionDriver(session)).browse_queue()


async def test_job_of_a_transaction_that_commits_is_enqueued_once(
    committing_database: Database, greeting: jobs.Job[...]
) -> None:
    async with committing_database.session() as session:
        made = await jobs.enqueue(session, greeting, user_id=NOBODY)

    [row] = await queued(committing_database)

    assert (row.id, row.entrypoint, row.priority, row.status) == (made, "test_port.greet", 3, "queued")
    assert row.payload == b'{"user_id":"00000000-0000-0000-0000-000000000007"}'


@pytest.mark.parametrize("before", [True, False], ids=["after-a-statement", "as-the-first-statement"])
async def test_job_of_a_transaction_that_fails_is_none(
    committing_database: Database, greeting: jobs.Job[...], *, before: bool
) -> None:
    with pytest.raises(LookupError):
        async with committing_database.session() as session:
            if before:
                await queries_on(SessionDriver(session)).queue_size()
            await jobs.enqueue(session, greeting, user_id=NOBODY)
            raise LookupError

    assert await queued(committing_database) == []


async def test_job_of_a_savepoint_that_is_rolled_back_is_none(
    committing_database: Database, greeting: jobs.Job[...]
) -> None:
    async with committing_database.session() as session:
        await jobs.enqueue(session, greeting, user_id=NOBODY, tone="cool")
        savepoint = await session.begin_nested()
        await jobs.enqueue(session, greeting, user_id=NOBODY)
        await savepoint.rollback()
        async with session.begin_nested():
            await jobs.enqueue(session, greeting, user_id=UUID(int=8))

    payloads = [row.payload or b"" for row in await queued(committing_database)]

    assert [(b"cool" in each, each[-3:]) for each in payloads] == [(True, b'l"}'), (False, b'8"}')]


async def test_key_makes_one_of_several(committing_database: Database, greeting: jobs.Job[...]) -> None:
    async with committing_database.session() as session:
        first = await jobs.enqueue(session, greeting, user_id=NOBODY, key="a")
        again = await jobs.enqueue(session, greeting, user_id=NOBODY, key="a")
        other = await jobs.enqueue(session, greeting, user_id=NOBODY, key="b")

    async with committing_database.session() as session:
        later = await jobs.enqueue(session, greeting, user_id=NOBODY, key="a")

    assert again is None
    assert later is None
    assert [row.id for row in await queued(committing_database)] == [first, other]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (None, timedelta(0)),
        (timedelta(hours=1), timedelta(hours=1)),
        (datetime(2020, 1, 1, tzinfo=UTC), timedelta(0)),
    ],
)
async def test_job_waits_until_it_is_due(
    session: AsyncSession, greeting: jobs.Job[...], after: timedelta | datetime | None, expected: timedelta
) -> None:
    await jobs.enqueue(session, greeting, user_id=NOBODY, after=after)

    [row] = await queries_on(SessionDriver(session)).browse_queue()

    assert max(timedelta(0), row.execute_after - row.created) == pytest.approx(expected, abs=timedelta(minutes=1))


async def test_job_waits_for_its_moment(session: AsyncSession, greeting: jobs.Job[...]) -> None:
    moment = datetime(2100, 1, 1, tzinfo=UTC)

    await jobs.enqueue(session, greeting, user_id=NOBODY, after=moment)

    [row] = await queries_on(SessionDriver(session)).browse_queue()
    assert abs(row.execute_after - moment) < timedelta(minutes=1)


async def test_job_carries_the_request_that_enqueued_it_and_the_language_of_its_caller(
    session: AsyncSession, greeting: jobs.Job[...]
) -> None:
    token = request_state.set({"locale": "fr", "user_id": "7"})
    with structlog.contextvars.bound_contextvars(request_id="req-1"):
        await jobs.enqueue(session, greeting, user_id=NOBODY)
    request_state.reset(token)

    [row] = await queries_on(SessionDriver(session)).browse_queue()

    assert row.headers == {"request_id": "req-1", "language": "fr"}


@pytest.mark.parametrize(
    "arguments",
    [{}, {"user_id": "nobody"}, {"user_id": NOBODY, "tone": "loud"}, {"user_id": NOBODY, "colour": "red"}],
)
def test_arguments_that_the_function_does_not_take_are_refused(
    greeting: jobs.Job[...], arguments: dict[str, object]
) -> None:
    with pytest.raises(ValidationError):
        greeting.encode(arguments)


async def test_argument_that_json_would_change_is_refused(session: AsyncSession) -> None:
    async def sign(context: jobs.Context, *, key_of: SecretStr) -> None: ...

    with pytest.raises(TypeError, match="do not survive JSON"):
        await jobs.enqueue(session, jobs.job()(sign), key_of=SecretStr("fake"))

    del JOBS["test_port.sign"]


async def test_enqueued_arguments_are_those_that_run(
    run_jobs: Callable[[], Awaitable[list[str]]], session: AsyncSession, greeting: jobs.Job[...]
) -> None:
    await jobs.enqueue(session, greeting, user_id=NOBODY)
    await jobs.enqueue(session, greeting, user_id=NOBODY, tone="cool")

    assert await run_jobs() == ["test_port.greet", "test_port.greet"]
    assert ran == [(NOBODY, "warm"), (NOBODY, "cool")]
    assert await run_jobs() == []


@pytest.mark.parametrize(
    ("failures", "least", "most"),
    [(0, 0.5, 1), (1, 1, 2), (4, 8, 16), (11, 1024, 2048), (12, 1800, 3600), (60, 1800, 3600), (2000, 1800, 3600)],
)
def test_waits_double_up_to_an_hour_and_none_comes_back_with_all_the_others(
    failures: int, least: float, most: float
) -> None:
    waits = [wait_after(failures, timedelta(seconds=1)).total_seconds() for _ in range(200)]

    assert all(least <= wait <= most for wait in waits)
    assert max(waits) - min(waits) > (most - least) / 2


async def positional(context: jobs.Context, user_id: UUID) -> None: ...
async def taken(context: jobs.Context, *, after: int) -> None: ...
def blocking(context: jobs.Context, *, user_id: UUID) -> None: ...


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (positional, r"put a `\*` before user_id"),
        (taken, "after is a parameter of enqueue"),
        (blocking, "must be an async function"),
    ],
)
def test_function_that_cannot_be_a_job_is_refused_where_it_is_declared(
    function: Callable[..., Awaitable[None]], reason: str
) -> None:
    with pytest.raises(TypeError, match=reason):
        jobs.job()(function)


def test_two_jobs_of_one_name_are_refused() -> None:
    with pytest.raises(TypeError, match=r"two jobs are called test_port\.greet"):
        jobs.job()(greet)


def test_every_module_of_jobs_is_loaded() -> None:
    assert {"test_port.greet"} <= {*load_jobs()}


async def test_engine_finds_its_tables_as_it_would_make_them(session: AsyncSession) -> None:
    plan = await queries_on(SessionDriver(session)).plan_upgrade()

    assert [*plan.statements] == [], "write them into a migration: docs/jobs.md"
