"""Links for the owner of an account: short-lived, each for one use, known here by the hash of their token only."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.core.permissions import Role
from app.db.database import Reader
from app.models.account_links import AccountLink, ConfirmedEmail
from app.models.accounts import Account
from app.models.users import User
from app.services import sessions


class Purpose(StrEnum):
    """What a link is for."""

    CONFIRM = "confirm"
    RESET = "reset"


LIFETIMES: Final = {Purpose.CONFIRM: timedelta(days=1), Purpose.RESET: timedelta(minutes=30)}
PAUSE: Final = timedelta(
    minutes=1
)  # between two messages of one purpose, so that nobody fills the mailbox of somebody else
_EMAIL = (
    select(Account.email, (ConfirmedEmail.email == Account.email).is_(True).label("confirmed"))
    .outerjoin(ConfirmedEmail, ConfirmedEmail.user_id == Account.user_id)
    .where(Account.user_id == bindparam("user_id"))
)
# A link does not outlive the password: somebody who knew the last one may have asked for it.
_NEW = AccountLink.created_at > (
    select(Account.password_changed_at).where(Account.user_id == AccountLink.user_id).scalar_subquery()
)
_RESET = select(AccountLink.email).where(
    AccountLink.token_hash == bindparam("token_hash"),
    AccountLink.purpose == Purpose.RESET,
    AccountLink.expires_at > func.now(),
    _NEW,
)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom a message is for."""

    user_id: UUID
    email: str
    locale: str


async def read_email(reader: Reader, *, user_id: UUID) -> Row[str, bool]:
    """The address of a person, and whether it is confirmed.

    Raises:
        NotFound: the person has no account.
    """
    row = await reader.row(_EMAIL, user_id=user_id)
    if row is None:
        raise NotFound
    return row


async def find_owner(session: AsyncSession, *, email: str | None = None, user_id: UUID | None = None) -> Owner | None:
    """Who signs in with an address, or whose account it is; None for nobody, and for somebody who is blocked."""
    which = Account.user_id == user_id if user_id else Account.email == email
    statement = select(User.id, Account.email, User.locale).join(Account, Account.user_id == User.id)
    row = (await session.execute(statement.where(which, User.role != Role.BLOCKED))).one_or_none()
    return Owner(*row) if row else None


async def issue(session: AsyncSession, *, owner: Owner, purpose: Purpose, email: str, job_id: int) -> str | None:
    """The token of a new link, which ends those before it; None when one was sent to this address a moment ago, by another job."""
    token = secrets.token_urlsafe(32)
    values = insert(AccountLink).values(
        user_id=owner.user_id,
        purpose=purpose,
        token_hash=_digest(token),
        email=email,
        job_id=job_id,
        expires_at=func.now() + LIFETIMES[purpose],
    )
    new = values.excluded
    names = ("token_hash", "email", "job_id", "expires_at")
    latest = values.on_conflict_do_update(
        index_elements=[AccountLink.user_id, AccountLink.purpose],
        set_={name: new[name] for name in names} | {"created_at": func.clock_timestamp()},
        where=or_(
            AccountLink.created_at < func.now() - PAUSE,
            AccountLink.job_id == new.job_id,
            AccountLink.email != new.email,
        ),
    )
    return token if await session.scalar(latest.returning(AccountLink.user_id)) else None


async def confirm(session: AsyncSession, *, token: str) -> Owner | None:
    """Confirm the address that a link was sent to, and make it the account's; the owner as they were before, if that changes it.

    Raises:
        NotFound: the link is not good any more, or the address has become somebody else's.
    """
    link = await _take(session, token=token, purpose=Purpose.CONFIRM)
    before = await find_owner(session, user_id=link.user_id)
    other = aliased(Account)
    taken = exists().where(other.email == link.email, other.user_id != link.user_id)
    changed = update(Account).where(Account.user_id == link.user_id, ~taken).values(email=link.email)
    if before is None or await session.scalar(changed.returning(Account.user_id)) is None:
        raise _no_such_link()
    await _note_confirmed(session, link)
    if before.email == link.email:
        return None
    await session.execute(delete(AccountLink).where(AccountLink.user_id == link.user_id))  # sent to the old address
    return before


async def check_reset(reader: Reader, *, token: str) -> str:
    """The address that a link to reset the password was sent to.

    Raises:
        NotFound: the link is not good any more.
    """
    row = await reader.row(_RESET, token_hash=_digest(token))
    if row is None:
        raise _no_such_link()
    return row[0]


async def reset_password(session: AsyncSession, *, token: str, password_hash: str, now: datetime) -> Owner:
    """Give the account of a link another password, and end every session of its owner. The link has confirmed the address.

    Raises:
        NotFound: the link is not good any more.
    """
    link = await _take(session, token=token, purpose=Purpose.RESET)
    owner = await find_owner(session, user_id=link.user_id)
    if owner is None or owner.email != link.email:
        raise _no_such_link()
    changed = update(Account).where(Account.user_id == link.user_id)
    await session.execute(changed.values(password_hash=password_hash, password_changed_at=func.clock_timestamp()))
    await _note_confirmed(session, link)
    await session.execute(delete(AccountLink).where(AccountLink.user_id == link.user_id))
    await sessions.revoke_all(session, user_id=link.user_id, now=now)
    return owner


async def _take(session: AsyncSession, *, token: str, purpose: Purpose) -> AccountLink:
    """Use a link up: of many at once, one gets it."""
    which = (AccountLink.token_hash == _digest(token), AccountLink.purpose == purpose)
    statement = delete(AccountLink).where(*which, AccountLink.expires_at > func.now(), _NEW).returning(AccountLink)
    link = await session.scalar(statement.execution_options(synchronize_session=False))
    if link is None:
        raise _no_such_link()
    return link


async def _note_confirmed(session: AsyncSession, link: AccountLink) -> None:
    values = {"user_id": link.user_id, "email": link.email, "confirmed_at": func.clock_timestamp()}
    statement = insert(ConfirmedEmail).values(values)
    await session.execute(
        statement.on_conflict_do_update(index_elements=[ConfirmedEmail.user_id], set_=values | {"email": link.email})
    )


def _no_such_link() -> NotFound:
    return NotFound(_("This link does not work any more. Ask for a new one."), code="link_invalid")


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
