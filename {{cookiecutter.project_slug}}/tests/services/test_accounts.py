"""Accounts below HTTP: what two people at once must not be able to do."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Forbidden, NotFound, TooManyRequests
from app.db.database import Database
from app.models.accounts import Account
from app.models.users import User
from app.schemas.additions.accounts import PasswordChange, Registration
from app.services import accounts
from app.services.accounts_passwords import Passwords

EMAIL = "ada@example.com"
PASSWORD = "visibly fake but long"
NEW = PasswordChange(current_password=PASSWORD, new_password="another visibly fake one")


class Attempts:
    """Counts failures, and lets everything through."""

    failed = 0

    async def check(self) -> None:
        """No limit."""

    async def count(self) -> None:
        self.failed += 1


@pytest.fixture(scope="module")
def passwords() -> Passwords:
    """One for the module, as the service has one."""
    return Passwords(at_once=2)


@pytest.fixture
async def account(database: Database, passwords: Passwords) -> accounts.AuthenticatedAccount:
    """Ada, registered, who has just shown her password."""
    async with database.session() as session:
        data = Registration(email=EMAIL, password=PASSWORD, display_name="Ada")
        await accounts.register(session, data=data, passwords=passwords)
    account = await accounts.authenticate(
        database, email=EMAIL, password=PASSWORD, passwords=passwords, attempts=Attempts()
    )
    assert account is not None
    return account


async def _change(database: Database, passwords: Passwords, data: PasswordChange = NEW) -> None:
    await accounts.change_password(
        database, email=EMAIL, data=data, passwords=passwords, attempts=Attempts(), now=datetime.now(UTC)
    )


async def test_sign_in_that_began_before_a_change_of_the_password_does_not_survive_it(
    database: Database, passwords: Passwords, account: accounts.AuthenticatedAccount
) -> None:
    await _change(database, passwords)

    async with database.session() as session:
        assert not await accounts.confirm(session, account)


@pytest.mark.usefixtures("account")
async def test_second_change_of_the_same_password_is_refused(database: Database, passwords: Passwords) -> None:
    await _change(database, passwords)

    with pytest.raises(Forbidden):
        await _change(database, passwords)


async def test_newer_hash_of_the_same_password_leaves_other_sign_ins_alone(
    database: Database, passwords: Passwords, account: accounts.AuthenticatedAccount
) -> None:
    newer = await passwords.hash(PASSWORD)

    async with database.session() as session:
        assert await accounts.confirm(session, account, password_hash=newer)
    async with database.session() as session:
        assert await accounts.confirm(session, account)
        assert await session.scalar(select(Account.password_hash)) == newer


async def test_hash_of_today_is_not_made_again(passwords: Passwords, account: accounts.AuthenticatedAccount) -> None:
    assert await accounts.rehash_if_outdated(PASSWORD, account, passwords=passwords) is None


async def test_account_goes_with_its_person(session: AsyncSession, account: accounts.AuthenticatedAccount) -> None:
    user = await session.get_one(User, account.user_id)

    await session.delete(user)
    await session.flush()

    assert await session.scalar(select(Account)) is None


async def test_person_without_an_account_has_no_login_name(database: Database, session: AsyncSession) -> None:
    user = User(auth_provider="test", auth_subject="1", display_name="Grace")
    session.add(user)
    await session.flush()

    with pytest.raises(NotFound):
        await accounts.get_email(database, user_id=user.id)


async def test_limit_is_asked_before_anything_is_compared(database: Database, passwords: Passwords) -> None:
    class NoMore(Attempts):
        async def check(self) -> None:
            raise TooManyRequests

    with pytest.raises(TooManyRequests):
        await accounts.authenticate(database, email=EMAIL, password=PASSWORD, passwords=passwords, attempts=NoMore())


async def test_sign_in_holds_its_account_until_it_is_committed(
    committing_database: Database, passwords: Passwords
) -> None:
    async with committing_database.session() as session:
        data = Registration(email=EMAIL, password=PASSWORD, display_name="Ada")
        await accounts.register(session, data=data, passwords=passwords)
    account = await accounts.authenticate(
        committing_database, email=EMAIL, password=PASSWORD, passwords=passwords, attempts=Attempts()
    )
    assert account is not None

    async with committing_database.session() as signing_in, committing_database.session() as changing:
        await accounts.confirm(signing_in, account)
        free = await changing.scalars(select(Account.user_id).with_for_update(skip_locked=True))

        assert free.all() == []


async def test_registration_of_a_taken_address_hashes_too(
    database: Database, account: accounts.AuthenticatedAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = Passwords(at_once=1)
    hashed: list[str] = []

    async def hash_password(password: str) -> str:
        hashed.append(password)
        return account.password_hash

    monkeypatch.setattr(counting, "hash", hash_password)

    for email in (EMAIL, "grace@example.com"):
        async with database.session() as session:
            data = Registration(email=email, password=PASSWORD, display_name="Grace")
            await accounts.register(session, data=data, passwords=counting)

    assert hashed == [PASSWORD, PASSWORD]
