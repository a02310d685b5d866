"""People: found or made when they sign in, and changed by themselves."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, bindparam, or_, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.i18n import DEFAULT, Text
from app.core.permissions import Permission, Role
from app.db.database import Database, Reader
from app.db.notify import ACCESS_CHANGED, Notification, notify
from app.models.users import User
from app.schemas.users import UserUpdate

_CALLER = select(User.id, User.role, User.locale, User.provider_name).where(
    User.auth_provider == bindparam("auth_provider"), User.auth_subject == bindparam("auth_subject")
)
_PROFILE = select(User.id, User.display_name, User.locale, User.created_at, User.updated_at).where(
    User.id == bindparam("user_id")
)
Profile = Row[UUID, str, str, datetime, datetime]


@dataclass(frozen=True, slots=True)
class Caller:
    """What every request has to know about the person who sent it; `provider_name` is what the provider called that person last."""

    id: UUID
    role: Role
    locale: str
    provider_name: str


async def get_or_create_from_provider(
    database: Database, *, auth_provider: str, auth_subject: str, display_name: str, locale: str
) -> Caller:
    """The user of a provider's subject: found, or created by the first request. Writes only when the provider knows a new name."""
    row = await database.reader.row(_CALLER, auth_provider=auth_provider, auth_subject=auth_subject)
    if row and display_name in {"", row.provider_name}:
        return Caller(row.id, Role(row.role), row.locale, row.provider_name)
    async with database.session() as session:
        user = (
            await rename(session, user_id=row.id, provider_name=display_name)
            if row
            else await create(
                session,
                auth_provider=auth_provider,
                auth_subject=auth_subject,
                display_name=display_name,
                locale=locale,
            )
        )
    return Caller(user.id, Role(user.role), user.locale, user.provider_name)


async def read(reader: Reader, *, user_id: UUID) -> Profile:
    """A person's profile.

    Raises:
        NotFound: the person is gone.
    """
    profile = await reader.row(_PROFILE, user_id=user_id)
    if profile is None:
        raise NotFound
    return profile


async def find(session: AsyncSession, *, auth_provider: str, auth_subject: str) -> User | None:
    """The user of a provider's subject; None when there is none."""
    statement = select(User).where(User.auth_provider == auth_provider, User.auth_subject == auth_subject)
    return await session.scalar(statement)


async def create(
    session: AsyncSession, *, auth_provider: str, auth_subject: str, display_name: str, locale: str
) -> User:
    """Create a user, or return the one that another request created in the same moment. Without a `locale`, texts are English."""
    statement = (
        insert(User)
        .values(
            auth_provider=auth_provider,
            auth_subject=auth_subject,
            display_name=display_name,
            provider_name=display_name,
            locale=locale or DEFAULT,
        )
        .on_conflict_do_nothing(index_elements=[User.auth_provider, User.auth_subject])
        .returning(User)
    )
    if created := await session.scalar(statement):
        return created
    found = await find(session, auth_provider=auth_provider, auth_subject=auth_subject)
    if found is None:  # deleted in between
        raise NotFound
    return found


async def rename(session: AsyncSession, *, user_id: UUID, provider_name: str) -> User:
    """Note what the provider calls a person now; the name to show follows, unless that person has chosen another.

    Raises:
        NotFound: the person is gone.
    """
    user = await _get(session, user_id)
    if user.display_name == user.provider_name:
        user.display_name = provider_name
    user.provider_name = provider_name
    await session.flush()
    return user


async def search(session: AsyncSession, *, text: str, role: Role | None, limit: int) -> list[User]:
    """People whose name or subject contains a text, in any case; the newest first."""
    found = or_(*(column.icontains(text, autoescape=True) for column in (User.display_name, User.auth_subject)))
    statement = select(User).where(found, User.role == role if role else true())
    return list(await session.scalars(statement.order_by(User.created_at.desc(), User.id).limit(limit)))


async def set_role(session: AsyncSession, *, auth_provider: str, auth_subject: str, role: Role) -> User:
    """Give a person another role; it counts as soon as `caller_known_seconds` have passed.

    Raises:
        NotFound: the provider's subject has not been here.
    """
    user = await find(session, auth_provider=auth_provider, auth_subject=auth_subject)
    if user is None:
        raise NotFound(Text(f"No user is known to {auth_provider} as {auth_subject}."))
    user.role = role
    await session.flush()
    await notify(session, Notification(ACCESS_CHANGED, user.id, user.id))
    return user


async def update(session: AsyncSession, *, user_id: UUID, data: UserUpdate) -> User:
    """Change what `data` names.

    Raises:
        NotFound: the person is gone.
    """
    user = await _get(session, user_id)
    for name, value in data.model_dump(exclude_unset=True).items():
        setattr(user, name, value)
    await session.flush()
    await notify(session, Notification("user.updated", user.id, user.id, Permission.PROFILE_READ))
    return user


async def _get(session: AsyncSession, user_id: UUID) -> User:
    user = await session.get(User, user_id)
    if user is None:
        raise NotFound
    return user
