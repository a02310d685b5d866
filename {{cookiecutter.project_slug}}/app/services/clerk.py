"""Users of Clerk, kept in step with Clerk's webhook: each message is applied once, and the newest change wins.

Messages come in any order, several at once, again, or never. That is why they only enrich: a user exists from the first sign-in on, message or not.
"""

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.i18n import DEFAULT
from app.core.permissions import Role
from app.db.notify import ACCESS_CHANGED, Notification, notify
from app.models.clerk import ClerkMessage, ClerkUser
from app.models.users import User
from app.schemas.clerk import ClerkEvent, ClerkProfile, ClerkUserDeleted
from app.services import users

PROVIDER: Final = "clerk"
# Svix tries for about a day, and somebody may send a message again by hand; what comes later still is caught by its age.
RETENTION: Final = timedelta(days=7)
CLEANUP_BATCH: Final = 20
FOREVER: Final = 2**63 - 1  # the greatest that the column holds


async def receive(session: AsyncSession, *, message_id: str, event: ClerkEvent) -> None:
    """Let an event have its effect, unless the message had it already or something newer is known."""
    if not await _record(session, message_id):
        return
    await _delete_old_messages(session)
    if isinstance(event, ClerkUserDeleted):
        await _anonymise(session, event.data.id)
    else:
        await _upsert(session, event.data)


async def _upsert(session: AsyncSession, profile: ClerkProfile) -> None:
    """Create the user, or follow the new name. The role belongs to the service: Clerk never changes it."""
    user = await _user(session, profile.id, display_name=profile.display_name)
    if await _is_newest(session, user, changed_at=profile.updated_at):
        await users.rename(session, user_id=user.id, provider_name=profile.display_name)


async def _anonymise(session: AsyncSession, subject: str) -> None:
    """Remove the names of a person and block the subject; what the person has created stays, for the service to decide about: a token that is valid for a minute yet must not create the user again.

    Nothing is newer than a deletion, so no later message restores the name.
    """
    user = await _user(session, subject, display_name="")
    if await _is_newest(session, user, changed_at=FOREVER):
        user.role = Role.BLOCKED
        user.display_name = user.provider_name = ""
        await session.flush()
        await notify(session, Notification(ACCESS_CHANGED, user.id, user.id))


async def _user(session: AsyncSession, subject: str, *, display_name: str) -> User:
    return await users.create(
        session, auth_provider=PROVIDER, auth_subject=subject, display_name=display_name, locale=DEFAULT
    )


async def _is_newest(session: AsyncSession, user: User, *, changed_at: int) -> bool:
    """Note the time of a change, and whether it is the newest. If so the user is locked, and as it is now: not as it was before the wait."""
    statement = insert(ClerkUser).values(user_id=user.id, changed_at=changed_at)
    newest = statement.on_conflict_do_update(
        index_elements=[ClerkUser.user_id],
        set_={ClerkUser.changed_at: statement.excluded.changed_at},
        where=ClerkUser.changed_at < statement.excluded.changed_at,
    )
    if await session.scalar(newest.returning(ClerkUser.user_id)) is None:
        return False
    await session.refresh(user, with_for_update=True)
    return True


async def _record(session: AsyncSession, message_id: str) -> bool:
    """Whether the message is new. Another delivery of it that is under way is waited for."""
    statement = insert(ClerkMessage).values(id=message_id).on_conflict_do_nothing()
    return await session.scalar(statement.returning(ClerkMessage.id)) is not None


async def _delete_old_messages(session: AsyncSession) -> None:
    """A few at a time, so that the table stays small with no job that cleans it."""
    old = select(ClerkMessage.id).where(ClerkMessage.received_at < func.now() - RETENTION)
    few = old.order_by(ClerkMessage.received_at).limit(CLEANUP_BATCH).with_for_update(skip_locked=True)
    await session.execute(delete(ClerkMessage).where(ClerkMessage.id.in_(few)))
