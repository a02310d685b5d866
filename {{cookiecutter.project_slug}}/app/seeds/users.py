"""The people of a language: the subject that `PROVIDER` knows each by, and the name."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.seeds.files import read
from app.services import users

PROVIDER = "seed"


async def seed_users(session: AsyncSession, locale: str) -> int:
    """Add the people who are not there yet."""
    added = 0
    for subject, display_name in read(locale, "users", str).items():
        if await users.find(session, auth_provider=PROVIDER, auth_subject=subject):
            continue
        await users.create(
            session, auth_provider=PROVIDER, auth_subject=subject, display_name=display_name, locale=locale
        )
        added += 1
    return added
