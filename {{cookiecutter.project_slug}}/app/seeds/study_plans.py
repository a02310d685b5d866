"""A plan for each of the two people, in that person's language."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.study_plans import Code, StudyPlan
from app.schemas.study_plans import CodeCreate, StudyPlanCreate
from app.seeds.users import PROVIDER
from app.services import users

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
        present = select(StudyPlan.id).where(StudyPlan.owner_id == owner.id, StudyPlan.title == plan.title)
        if await session.scalar(present) is None:
            codes = [Code(code=item.code, label=item.label) for item in plan.codes]
            session.add(StudyPlan(owner_id=owner.id, title=plan.title, description=plan.description, codes=codes))
            await session.flush()
            added += 1
    return added
