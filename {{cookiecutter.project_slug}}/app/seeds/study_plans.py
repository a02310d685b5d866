"""Plans of the people of a language."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.study_plans import Code, StudyPlan
from app.schemas.study_plans import StudyPlanCreate
from app.seeds.files import read
from app.seeds.users import PROVIDER
from app.services import users


async def seed_study_plans(session: AsyncSession, locale: str) -> int:
    """Add the plans that are not there yet. The people must be there."""
    added = 0
    for subject, plans in read(locale, "study_plans", list[StudyPlanCreate]).items():
        owner = await users.find(session, auth_provider=PROVIDER, auth_subject=subject)
        if owner is None:
            continue
        present = set(await session.scalars(select(StudyPlan.title).where(StudyPlan.owner_id == owner.id)))
        for plan in plans:
            if plan.title not in present:
                codes = [Code(code=item.code, label=item.label) for item in plan.codes]
                session.add(StudyPlan(owner_id=owner.id, title=plan.title, description=plan.description, codes=codes))
                added += 1
        await session.flush()
    return added
