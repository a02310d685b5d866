"""Two people, one for each language."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.services import users

PROVIDER = "seed"
PEOPLE: dict[str, tuple[str, str]] = {"ada": ("Ada Lovelace", "en"), "emilie": ("Émilie du Châtelet", "fr")}


async def seed_users(session: AsyncSession) -> int:
    """Add the people who are not there yet."""
    added = 0
    for subject, (display_name, locale) in PEOPLE.items():
        if await users.find(session, auth_provider=PROVIDER, auth_subject=subject):
            continue
        await users.create(
            session, auth_provider=PROVIDER, auth_subject=subject, display_name=display_name, locale=locale
        )
        added += 1
    return added
