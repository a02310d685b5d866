"""Accounts: registration, the proof of a password, and its change."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import bindparam, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Forbidden, NotFound
from app.core.i18n import DEFAULT, Text, gettext as _
from app.core.permissions import Role
from app.db.database import Database
from app.models.accounts import Account
from app.models.users import User
from app.schemas.additions.accounts import PasswordChange, Registration, is_email_name
from app.services import sessions
from app.services.accounts_passwords import Attempts, Passwords

PROVIDER: Final = "password"


_EMAIL = select(Account.email).where(Account.user_id == bindparam("user_id"))
_MAY_SIGN_IN = (
    select(Account.user_id, Account.password_hash, Account.password_changed_at)
    .join(User, User.id == Account.user_id)
    .where(Account.email == bindparam("email"), User.role != Role.BLOCKED)
)
_WITHOUT_ACCOUNT = delete(User).where(
    User.id == bindparam("user_id"), ~exists().where(Account.user_id == bindparam("user_id"))
)


class PasswordIsEmailError(Exception):
    """The new password is only the account's login name."""


@dataclass(frozen=True, slots=True)
class AuthenticatedAccount:
    """Somebody who has just shown the password of an account. `password_changed_at` names that password."""

    user_id: UUID
    password_hash: str
    password_changed_at: datetime


async def register(session: AsyncSession, *, data: Registration, passwords: Passwords, locale: str = DEFAULT) -> bool:
    """Make a person with an account, or change nothing and return False when the address is taken; both send the same statements."""
    password_hash = await passwords.hash(data.password)
    user = _new_user(data.display_name, locale)
    session.add(user)
    await session.flush()
    values = {"user_id": user.id, "email": data.email, "password_hash": password_hash}
    free = insert(Account).values(values).on_conflict_do_nothing(index_elements=[Account.email])
    made = await session.scalar(free.returning(Account.user_id))
    # Sent for a free address too, where it finds nothing: one round trip more would tell who has an account.
    await session.execute(_WITHOUT_ACCOUNT, {"user_id": user.id}, execution_options={"synchronize_session": False})
    return made is not None


def _new_user(display_name: str, locale: str) -> User:
    user_id = uuid4()
    return User(
        id=user_id,
        auth_provider=PROVIDER,
        auth_subject=str(user_id),
        display_name=display_name,
        provider_name=display_name,
        locale=locale,
    )


async def authenticate(
    database: Database, *, email: str, password: str, passwords: Passwords, attempts: Attempts
) -> AuthenticatedAccount | None:
    """Who signs in with this password; None alike for a wrong password, nobody, and somebody who is blocked.

    No connection is held while the password is hashed.

    Raises:
        TooManyRequests: too many attempts failed.
    """
    account = await database.reader.row(_MAY_SIGN_IN, email=email)
    known = account.password_hash if account else None
    if not await passwords.matches(password, known, attempts=attempts) or account is None:
        return None
    return AuthenticatedAccount(account.user_id, account.password_hash, account.password_changed_at)


async def rehash_if_outdated(password: str, account: AuthenticatedAccount, *, passwords: Passwords) -> str | None:
    """The hash of the password with today's parameters; None when it has them."""
    return await passwords.hash(password) if passwords.is_outdated(account.password_hash) else None


async def confirm(session: AsyncSession, account: AuthenticatedAccount, *, password_hash: str | None = None) -> bool:
    """Whether the password that was checked is still the account's, and stays so until the transaction ends. Stores a newer hash of it, if given.

    Without this lock a sign-in that began before a change of the password could end after it, and survive it.
    """
    same = (Account.user_id == account.user_id, Account.password_changed_at == account.password_changed_at)
    if await session.scalar(select(Account.user_id).where(*same).with_for_update()) is None:
        return False
    if password_hash is not None:
        await session.execute(update(Account).where(*same).values(password_hash=password_hash))
    return True


async def get_email(database: Database, *, user_id: UUID) -> str:
    """The login name of a person.

    Raises:
        NotFound: the person has no account.
    """
    account = await database.reader.row(_EMAIL, user_id=user_id)
    if account is None:
        raise NotFound
    return account[0]


async def get_subject(session: AsyncSession, *, email: str) -> str:
    """What the owner of a login name is known as to `PROVIDER`.

    Raises:
        NotFound: nobody has registered it.
    """
    owner = select(User.auth_subject).join(Account, Account.user_id == User.id).where(Account.email == email)
    subject = await session.scalar(owner)
    if subject is None:
        raise NotFound(Text(f"Nobody signs in as {email}."))
    return subject


async def change_password(
    database: Database,
    *,
    email: str,
    data: PasswordChange,
    passwords: Passwords,
    attempts: Attempts,
    now: datetime,
    announce: Sequence[Callable[[AsyncSession], Awaitable[None]]] = (),
) -> None:
    """Give an account another password, and end every session of its owner, the caller's too. `announce` is part of the transaction.

    Raises:
        PasswordIsEmailError: the new password is only the login name.
        Forbidden: the current password is wrong.
        TooManyRequests: too many attempts failed.
    """
    if is_email_name(data.new_password, email):
        raise PasswordIsEmailError
    account = await authenticate(
        database, email=email, password=data.current_password, passwords=passwords, attempts=attempts
    )
    if account is None:
        raise wrong_password()
    password_hash = await passwords.hash(data.new_password)
    async with database.session() as session:
        if not await confirm(session, account, password_hash=password_hash):
            raise wrong_password()
        changed = update(Account).where(Account.user_id == account.user_id)
        await session.execute(changed.values(password_changed_at=func.clock_timestamp()))
        await sessions.revoke_all(session, user_id=account.user_id, now=now)
        for each in announce:
            await each(session)


def wrong_password() -> Forbidden:
    """The answer to a wrong password of somebody who is signed in."""
    return Forbidden(_("The current password is wrong."), code="wrong_password")
