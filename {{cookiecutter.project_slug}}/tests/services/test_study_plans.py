"""Study plans, below HTTP."""

import asyncio

import asyncpg
import pytest
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Conflict
from app.core.permissions import Permission
from app.db.database import Database
from app.db.notify import CHANNEL, NOTIFICATION, Notification
from app.models.study_plans import StudyPlan
from app.models.users import User
from app.schemas.study_plans import CodeCreate, StudyPlanCreate, StudyPlanUpdate
from app.services import study_plans, users


async def _person(session: AsyncSession) -> User:
    return await users.create(session, auth_provider="test", auth_subject="1", display_name="Ada", locale="en")


async def test_codes_that_were_not_asked_for_raise_instead_of_loading(
    session: AsyncSession, database: Database
) -> None:
    owner = await _person(session)
    created = await study_plans.create(database, owner_id=owner.id, data=StudyPlanCreate(title="A"))

    plan = await session.get_one(StudyPlan, created.id)

    with pytest.raises(InvalidRequestError, match="lazy='raise'"):
        _ = plan.codes


async def test_two_writers_of_one_title_make_one_plan(committing_database: Database) -> None:
    async with committing_database.session() as session:
        owner = await _person(session)

    async def create() -> study_plans.Details:
        return await study_plans.create(committing_database, owner_id=owner.id, data=StudyPlanCreate(title="A"))

    results = await asyncio.gather(create(), create(), create(), return_exceptions=True)

    assert sorted(type(result).__name__ for result in results) == ["Conflict", "Conflict", "Details"]


async def test_writers_of_one_plan_do_not_overfill_it(committing_database: Database) -> None:
    codes = [CodeCreate(code=f"A-{number}") for number in range(199)]
    async with committing_database.session() as session:
        owner = await _person(session)
    plan = await study_plans.create(
        committing_database, owner_id=owner.id, data=StudyPlanCreate(title="A", codes=codes)
    )
    connected = asyncio.Barrier(3)

    async def add(code: str) -> None:
        async with committing_database.session() as session:
            await session.connection()
            await connected.wait()
            await study_plans.add_code(session, owner_id=owner.id, plan_id=plan.id, data=CodeCreate(code=code))

    results = await asyncio.gather(add("B-1"), add("B-2"), add("B-3"), return_exceptions=True)

    assert sum(result is None for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 2


async def test_owner_is_notified_of_every_change(fresh_database_url: str, committing_database: Database) -> None:
    heard: list[Notification] = []
    listener = await asyncpg.connect(fresh_database_url)
    await listener.add_listener(CHANNEL, lambda *sent: heard.append(NOTIFICATION.validate_json(sent[-1])))
    async with committing_database.session() as session:
        owner = (await _person(session)).id

    plan = (await study_plans.create(committing_database, owner_id=owner, data=StudyPlanCreate(title="A"))).id
    which = {"owner_id": owner, "plan_id": plan}
    async with committing_database.session() as session:
        await study_plans.update(session, **which, data=StudyPlanUpdate(title="B"))
    async with committing_database.session() as session:
        await study_plans.replace(session, **which, data=StudyPlanCreate(title="C"))
    async with committing_database.session() as session:
        code = await study_plans.add_code(session, **which, data=CodeCreate(code="A-1"))
    async with committing_database.session() as session:
        await study_plans.remove_code(session, **which, code_id=code.id)
    async with committing_database.session() as session:
        await study_plans.delete(session, **which)
    await listener.fetchval("SELECT 1")  # an answer comes after the notifications that were sent before it
    await listener.close()

    assert [each.type.partition(".")[2] for each in heard] == ["created", *["updated"] * 4, "deleted"]
    assert {(each.id, each.owner_id, each.permission) for each in heard} == {(plan, owner, Permission.PLANS_READ)}
