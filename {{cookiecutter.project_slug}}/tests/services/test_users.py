"""People, below HTTP."""

from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.permissions import Role
from app.schemas.users import UserUpdate
from app.services import users


async def test_second_sight_returns_the_first_person_unchanged(session: AsyncSession) -> None:
    first = await users.create(session, auth_provider="test", auth_subject="1", display_name="Ada", locale="en")

    second = await users.create(session, auth_provider="test", auth_subject="1", display_name="Other", locale="fr")

    assert second.id == first.id
    assert (second.display_name, second.locale) == ("Ada", "en")


async def test_same_subject_of_another_provider_is_another_person(session: AsyncSession) -> None:
    first = await users.create(session, auth_provider="test", auth_subject="1", display_name="Ada", locale="en")

    second = await users.create(session, auth_provider="other", auth_subject="1", display_name="Bea", locale="en")

    assert second.id != first.id


async def test_change_of_a_person_who_is_gone_is_not_found(session: AsyncSession) -> None:
    with pytest.raises(NotFound):
        await users.update(session, user_id=UUID(int=0), data=UserUpdate(locale="fr"))


async def test_name_to_show_follows_the_provider_until_the_person_chooses_one(session: AsyncSession) -> None:
    user = await users.create(session, auth_provider="test", auth_subject="1", display_name="Ada", locale="en")

    followed = (await users.rename(session, user_id=user.id, provider_name="Ada L.")).display_name
    await users.update(session, user_id=user.id, data=UserUpdate(display_name="Countess"))
    chosen = (await users.rename(session, user_id=user.id, provider_name="Ada K.")).display_name

    assert (followed, chosen, user.provider_name) == ("Ada L.", "Countess", "Ada K.")


async def test_role_of_somebody_who_was_never_here_is_not_found(session: AsyncSession) -> None:
    with pytest.raises(NotFound):
        await users.set_role(session, auth_provider="test", auth_subject="1", role=Role.VIEWER)
