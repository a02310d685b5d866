"""Links by e-mail: each is followed as a person would, out of a message that a real mail server has taken."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.permissions import Role
from app.core.settings import Settings
from app.db.database import Database
from app.models.account_links import AccountLink
from app.models.accounts import Account
from app.models.users import User
from app.schemas.additions.accounts import Registration
from app.services import account_links, accounts
from app.services.account_links import Purpose
from app.services.accounts_passwords import Passwords
from tests.plugins.mail import Mailbox
from tests.plugins.sign_in_jwt import EMAIL, PASSWORD, Tokens, bearer, give_role, login, refresh, register, try_login

NEW = "countess@example.com"
NEW_PASSWORD = "another visibly fake one"
OTHER = "grace@example.com"


@pytest.fixture
def settings(settings: Settings, mailbox: Mailbox) -> Settings:
    """Messages go to the mailbox of the test, and no minute ends in the middle of one."""
    return settings.model_copy(update={"mail_url": SecretStr(mailbox.url), "rate_limit_sign_in": "20/hour"})


@dataclass
class Post:
    """Ada's application, her mailbox, and the worker between them."""

    client: httpx2.AsyncClient
    run_jobs: Callable[[], Awaitable[list[str]]]
    mailbox: Mailbox

    async def ask(self, path: str, **body: str) -> httpx2.Response:
        """Send a public request."""
        return await self.client.post(f"/api/v1/auth/{path}", json=body)

    async def forget(self, email: str = EMAIL) -> None:
        """Ask for a link, and have it sent."""
        assert (await self.ask("password/forgot", email=email)).status_code == 204
        await self.run_jobs()

    async def reset(self, token: str, password: str = NEW_PASSWORD) -> int:
        """Choose a password by a link."""
        return (await self.ask("password/reset", token=token, new_password=password)).status_code

    async def confirm(self, token: str) -> int:
        """Follow a link that confirms an address."""
        return (await self.ask("email/confirm", token=token)).status_code

    async def change(self, tokens: Tokens, email: str = NEW, password: str = PASSWORD) -> int:
        """Ask for another address, and have the link sent."""
        body = {"email": email, "current_password": password}
        response = await self.client.put("/api/v1/auth/email", json=body, headers=bearer(tokens))
        await self.run_jobs()
        return response.status_code

    async def address(self, tokens: Tokens) -> dict[str, object]:
        """The address of the account."""
        response = await self.client.get("/api/v1/auth/email", headers=bearer(tokens))
        answer: dict[str, object] = response.json()
        return answer

    def token(self, page: str) -> str:
        """What the newest message has in its link, which leads to a page."""
        found = re.search(rf"https://app\.example\.com/{page}#token=(\S+)", self.mailbox.texts[-1][2])
        assert found, self.mailbox.texts[-1]
        return found[1]


@pytest.fixture
async def post(members: httpx2.AsyncClient, run_jobs: Callable[[], Awaitable[list[str]]], mailbox: Mailbox) -> Post:
    """Nobody has registered."""
    return Post(members, run_jobs, mailbox)


async def test_newcomer_is_welcomed_and_confirms_the_address_once(post: Post) -> None:
    await register(post.client)

    assert await post.run_jobs() == ["account_links.welcome"]
    assert [(to, subject) for to, subject, _ in post.mailbox.texts] == [(EMAIL, "Welcome! Confirm your address")]
    tokens, token = await login(post.client), post.token("confirm-email")
    assert await post.address(tokens) == {"email": EMAIL, "confirmed": False}
    assert [await post.confirm(token) for _ in "12"] == [204, 404]
    assert await post.address(tokens) == {"email": EMAIL, "confirmed": True}


async def test_messages_are_in_the_language_of_the_person(post: Post) -> None:
    post.client.headers["Accept-Language"] = "fr"
    await register(post.client)

    await post.run_jobs()

    assert post.mailbox.texts[0][1] == "Bienvenue ! Confirmez votre adresse"


@pytest.mark.usefixtures("ada")
async def test_owner_of_a_taken_address_hears_of_it(post: Post) -> None:
    await post.run_jobs()

    await register(post.client, password=NEW_PASSWORD)

    assert await post.run_jobs() == ["account_links.welcome"]
    assert post.mailbox.texts[-1][1] == "You have an account already"
    assert await post.reset(post.token("reset-password")) == 204


async def test_forgotten_password_is_replaced_and_every_session_ends(post: Post, ada: Tokens) -> None:
    await post.forget()
    token = post.token("reset-password")

    assert await post.reset(token, "short") == 422
    assert await post.reset(token, EMAIL) == 422
    assert await post.reset(token) == 204
    assert await post.reset(token) == 404
    assert (await refresh(post.client, ada)).status_code == 401
    assert [(await try_login(post.client, password=each)).status_code for each in (PASSWORD, NEW_PASSWORD)] == [
        401,
        200,
    ]
    await post.run_jobs()
    assert post.mailbox.texts[-1][1] == "Your password was changed"
    assert (await post.address(await login(post.client, password=NEW_PASSWORD)))["confirmed"] is True


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.usefixtures("ada")
async def test_nobody_learns_whether_an_address_has_an_account(post: Post, known: bool) -> None:
    await post.run_jobs()
    sent = len(post.mailbox.messages)

    response = await post.ask("password/forgot", email=EMAIL if known else OTHER)

    assert (response.status_code, response.content) == (204, b"")
    assert await post.run_jobs() == ["account_links.send_reset"]
    assert len(post.mailbox.messages) - sent == known


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    ("page", "age", "works"),
    [
        ("reset-password", timedelta(minutes=29), True),
        ("reset-password", timedelta(minutes=31), False),
        ("confirm-email", timedelta(hours=23), True),
        ("confirm-email", timedelta(hours=25), False),
    ],
)
async def test_link_works_for_as_long_as_the_message_says(
    post: Post, session: AsyncSession, page: str, age: timedelta, *, works: bool
) -> None:
    await post.run_jobs()
    if page == "reset-password":
        await post.forget()

    await session.execute(update(AccountLink).values(expires_at=AccountLink.expires_at - age))

    token = post.token(page)
    status = await (post.confirm(token) if page == "confirm-email" else post.reset(token))
    assert status == (204 if works else 404)


@pytest.mark.usefixtures("ada")
async def test_token_of_another_purpose_or_nobody_is_refused(post: Post, session: AsyncSession) -> None:
    await post.run_jobs()
    confirming = post.token("confirm-email")
    stored = await session.scalar(select(AccountLink.token_hash))
    assert stored

    tried = [confirming, stored.hex(), "", "x" * 43]

    assert [await post.reset(each) for each in tried] == [404] * 4


@pytest.mark.usefixtures("ada")
async def test_token_is_used_once(post: Post) -> None:
    await post.forget()
    token = post.token("reset-password")

    statuses = [await post.reset(token, f"{NEW_PASSWORD} {number}") for number in range(3)]

    assert sorted(statuses) == [204, 404, 404]


@pytest.mark.parametrize("purpose", [*Purpose])
async def test_of_many_uses_of_one_link_at_once_one_counts(committing_database: Database, purpose: Purpose) -> None:
    passwords = Passwords(at_once=1)
    async with committing_database.session() as session:
        data = Registration(email=EMAIL, password=PASSWORD, display_name="Ada")
        await accounts.register(session, data=data, passwords=passwords)
    async with committing_database.session() as session:
        owner = await account_links.find_owner(session, email=EMAIL)
        assert owner
        token = await account_links.issue(session, owner=owner, purpose=purpose, email=EMAIL, job_id=1) or ""

    async def use(number: int) -> None:
        async with committing_database.session() as session:
            if purpose is Purpose.CONFIRM:
                await account_links.confirm(session, token=token)
            else:
                await account_links.reset_password(
                    session, token=token, password_hash=f"fake {number}", now=datetime.now(UTC)
                )

    ends = await asyncio.gather(*[use(number) for number in range(8)], return_exceptions=True)

    assert sorted(type(each).__name__ for each in ends) == ["NoneType"] + ["NotFound"] * 7


@pytest.mark.usefixtures("ada")
async def test_token_is_nowhere_in_the_database(post: Post, session: AsyncSession) -> None:
    await post.forget()
    token = post.token("reset-password")

    for table in ("account_links", "jobs.pgqueuer", "jobs.pgqueuer_log"):
        rows = (await session.execute(text(f"SELECT t::text FROM {table} t"))).scalars()  # noqa: S608 - names of ours
        assert not [row for row in rows if token in row or token.encode().hex() in row]


@pytest.mark.usefixtures("ada")
async def test_blocked_person_gets_no_link(post: Post, session: AsyncSession) -> None:
    await post.forget()
    token, sent = post.token("reset-password"), len(post.mailbox.messages)
    await give_role(session, Role.BLOCKED)

    await session.execute(update(AccountLink).values(created_at=func.now() - timedelta(hours=1)))
    await post.forget()

    assert len(post.mailbox.messages) == sent
    assert await post.reset(token) == 404


@pytest.mark.usefixtures("ada")
async def test_one_message_a_minute_however_often_somebody_asks(post: Post, session: AsyncSession) -> None:
    await post.run_jobs()
    sent = len(post.mailbox.messages)

    for _ in range(3):
        await post.forget()
    for age in (timedelta(seconds=50), timedelta(seconds=70)):
        await session.execute(update(AccountLink).values(created_at=func.now() - age))
        await post.forget()

    assert len(post.mailbox.messages) - sent == 2


async def test_asking_again_and_again_is_refused_for_any_address(post: Post) -> None:
    statuses = [(await post.ask("password/forgot", email=OTHER)).status_code for _ in range(21)]

    assert statuses == [204] * 20 + [429]


async def test_links_to_one_address_are_limited_whoever_asks_for_them(post: Post, ada: Tokens) -> None:
    await post.run_jobs()
    asked = [(await post.ask("password/forgot", email=NEW)).status_code for _ in range(19)]

    changed = [await post.change(ada, NEW) for _ in range(2)]

    assert (asked, changed) == ([204] * 19, [204, 429])
    assert await post.change(ada, "newer@example.com") == 204


@pytest.mark.parametrize(
    ("language", "subject"), [("en", "Your password was changed"), ("fr", "Votre mot de passe a été changé")]
)
async def test_owner_hears_of_a_changed_password_in_their_language(post: Post, language: str, subject: str) -> None:
    post.client.headers["Accept-Language"] = language
    await register(post.client)
    tokens, body = (
        await login(post.client),
        {"current_password": "a visibly fake wrong one", "new_password": NEW_PASSWORD},
    )
    await post.run_jobs()

    for password in (body["current_password"], PASSWORD):
        body["current_password"] = password
        await post.client.put("/api/v1/auth/password", json=body, headers=bearer(tokens))

    assert await post.run_jobs() == ["account_links.send_notice"]
    assert post.mailbox.texts[-1][:2] == (EMAIL, subject)


@pytest.mark.usefixtures("ada")
async def test_message_that_failed_is_sent_again(post: Post) -> None:
    await post.run_jobs()
    post.mailbox.answers = {"DATA": "451 no space"}
    await post.ask("password/forgot", email=EMAIL)
    with pytest.raises(Exception, match="451"):
        await post.run_jobs()

    post.mailbox.answers = {}
    await post.run_jobs()

    assert await post.reset(post.token("reset-password")) == 204


async def test_address_is_changed_when_the_new_one_is_confirmed_and_the_old_one_hears_of_it(
    post: Post, ada: Tokens
) -> None:
    await post.forget()
    resetting = post.token("reset-password")

    assert await post.change(ada) == 204
    assert (post.mailbox.texts[-1][0], (await post.address(ada))["email"]) == (NEW, EMAIL)
    assert await post.confirm(post.token("confirm-email")) == 204
    await post.run_jobs()

    assert post.mailbox.texts[-1][:2] == (EMAIL, "Your address was changed")
    assert await post.address(ada) == {"email": NEW, "confirmed": True}
    assert await post.reset(resetting) == 404
    assert [(await try_login(post.client, each)).status_code for each in (EMAIL, NEW)] == [401, 200]


async def test_links_end_with_the_password_that_was_there_when_they_were_asked_for(post: Post, ada: Tokens) -> None:
    await post.forget()
    resetting = post.token("reset-password")
    await post.change(ada)
    confirming = post.token("confirm-email")
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}

    changed = await post.client.put("/api/v1/auth/password", json=body, headers=bearer(ada))

    assert (changed.status_code, await post.reset(resetting), await post.confirm(confirming)) == (204, 404, 404)
    again = await login(post.client, password=NEW_PASSWORD)
    assert await post.change(again, "newer@example.com", NEW_PASSWORD) == 204
    assert await post.confirm(post.token("confirm-email")) == 204


async def test_address_of_somebody_else_stays_theirs(post: Post, ada: Tokens) -> None:
    assert await post.change(ada, NEW) == 204
    token = post.token("confirm-email")
    await register(post.client, NEW)
    await post.run_jobs()

    assert await post.confirm(token) == 404
    assert await post.change(ada, NEW) == 204
    assert post.mailbox.texts[-1][:2] == (NEW, "You have an account already")
    assert (await post.address(ada))["email"] == EMAIL


@pytest.mark.parametrize(
    ("email", "password", "status"), [(NEW, "a visibly fake wrong one", 403), ("a@b@c", PASSWORD, 422)]
)
async def test_change_that_may_not_be_sends_nothing(
    post: Post, ada: Tokens, email: str, password: str, status: int
) -> None:
    await post.run_jobs()
    sent = len(post.mailbox.messages)

    assert await post.change(ada, email, password) == status

    assert await post.run_jobs() == []
    assert len(post.mailbox.messages) == sent


async def test_confirmation_can_be_asked_for_again(post: Post, ada: Tokens, session: AsyncSession) -> None:
    await post.run_jobs()
    first = post.token("confirm-email")
    await session.execute(update(AccountLink).values(created_at=func.now() - timedelta(minutes=2)))

    response = await post.client.post("/api/v1/auth/email/confirmation", headers=bearer(ada))
    await post.run_jobs()

    assert response.status_code == 204
    second = post.token("confirm-email")
    statuses = [await post.confirm(each) for each in (first, second)]
    assert statuses == [404, 204]


@pytest.mark.usefixtures("ada")
async def test_links_go_with_their_person(post: Post, session: AsyncSession) -> None:
    await post.forget()

    for user in await session.scalars(select(User)):
        await session.delete(user)
    await session.flush()

    counts = [await session.scalar(select(func.count()).select_from(each)) for each in (Account, AccountLink)]
    assert counts == [0, 0]
