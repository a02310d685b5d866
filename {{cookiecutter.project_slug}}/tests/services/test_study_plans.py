"""Study plans, below HTTP."""

import asyncio

import pytest
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Conflict
from app.db.database import Database
from app.models.study_plans import StudyPlan
from app.models.users import User
from app.schemas.study_plans import CodeCreate, StudyPlanCreate
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

    async def add(code: str) -> None:
        async with committing_database.session() as session:
            await study_plans.add_code(session, owner_id=owner.id, plan_id=plan.id, data=CodeCreate(code=code))

    results = await asyncio.gather(add("B-1"), add("B-2"), add("B-3"), return_exceptions=True)

    assert sum(result is None for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 2
