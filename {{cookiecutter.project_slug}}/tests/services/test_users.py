"""People, below HTTP."""

from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
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
