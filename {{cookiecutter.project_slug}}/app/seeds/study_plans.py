"""A plan for each of the two people, in that person's language."""

from contextlib import suppress

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Conflict
from app.schemas.study_plans import CodeCreate, StudyPlanCreate
from app.seeds.users import PROVIDER
from app.services import study_plans, users

PLANS = {
    "ada": StudyPlanCreate(
        title="First year of mathematics",
        description="What to take before the summer.",
        codes=[CodeCreate(code="MATH-101", label="Analysis"), CodeCreate(code="MATH-102", label="Linear algebra")],
    ),
    "emilie": StudyPlanCreate(
        title="Première année de physique",
        description="À suivre avant l'été.",
        codes=[CodeCreate(code="PHYS-101", label="Mécanique"), CodeCreate(code="PHYS-102", label="Électricité")],
    ),
}


async def seed_study_plans(session: AsyncSession) -> int:
    """Add the plans that are not there yet. The people must be there."""
    added = 0
    for subject, plan in PLANS.items():
        owner = await users.find(session, auth_provider=PROVIDER, auth_subject=subject)
        if owner is None:
            continue
        with suppress(Conflict):  # it is there already
            async with session.begin_nested():
                await study_plans.create(session, owner_id=owner.id, data=plan)
            added += 1
    return added
