"""Example data in each language, for looking at the service with something in it."""

from sqlalchemy.ext.asyncio import AsyncSession

# {% if cookiecutter.example %}
from app.seeds.study_plans import seed_study_plans
# {% endif %}
from app.seeds.users import seed_users


async def seed_all(session: AsyncSession, locale: str) -> dict[str, int]:
    """Add what is missing of a language; how much of each noun was added."""
    return {
        "users": await seed_users(session, locale),
        # {% if cookiecutter.example %}
        "study plans": await seed_study_plans(session, locale),
        # {% endif %}
    }
