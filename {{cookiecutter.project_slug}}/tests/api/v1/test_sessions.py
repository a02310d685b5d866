"""Signing in, staying signed in, and signing out, over HTTP."""

import asyncio
import threading
import time
from dataclasses import replace
from datetime import timedelta
from typing import Literal

import httpx2
import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.api.accounts_deps import build_parts
from app.core.permissions import Role
from app.core.settings import Settings
from app.db import notify
from app.db.database import Database
from app.db.notify import NOTIFICATION
from app.models.accounts import Account
from app.models.sessions import RefreshSession
from app.services.accounts_passwords import Passwords
from app.services.sessions import MAX_SESSIONS
from tests.plugins.client import open_client
from tests.plugins.sign_in_jwt import (
    EMAIL,
    PASSWORD,
    Tokens,
    access_token,
    accounts_app,
    age_sessions,
    bearer,
    give_role,
    login,
    refresh,
    register,
    try_login,
)

SESSIONS = "/api/v1/auth/sessions"
LOGOUT = "/api/v1/auth/logout"
WRONG = "a visibly fake wrong one"


async def _next(client: httpx2.AsyncClient, tokens: Tokens) -> Tokens:
    response = await refresh(client, tokens)
    assert response.status_code == 200, response.text
    following: Tokens = response.json()
    return following


# Signing in


async def test_login_gives_both_tokens(members: httpx2.AsyncClient) -> None:
    await register(members)

    response = await try_login(members)

    body = response.json()
    assert response.headers["cache-control"] == "no-store"
    assert body.keys() == {"access_token", "token_type", "expires_in", "refresh_token", "refresh_expires_in"}
    assert (body["token_type"], body["expires_in"], body["refresh_expires_in"]) == ("Bearer", 600, 14 * 86_400)
    assert (await members.get("/api/v1/users/me", headers=bearer(body))).status_code == 200


async def test_every_failure_is_the_same_401(members: httpx2.AsyncClient, session: AsyncSession) -> None:
    await register(members)
    wrong = await try_login(members, password=WRONG)
    unknown = await try_login(members, "nobody@example.com")
    await give_role(session, Role.BLOCKED)
    blocked = await try_login(members)

    for response in (wrong, unknown, blocked):
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == 'Bearer realm="api"'
        assert response.json() | {"request_id": ""} == wrong.json() | {"request_id": ""}
        assert {*response.headers} == {*wrong.headers}


async def test_unknown_name_takes_as_much_work_as_a_wrong_password(members: httpx2.AsyncClient) -> None:
    await register(members)

    wrong = min([await _work(members, EMAIL) for _ in range(5)])
    unknown = min([await _work(members, "nobody@example.com") for _ in range(5)])

    assert 0.5 < unknown / wrong < 2


async def _work(client: httpx2.AsyncClient, email: str) -> float:
    """Seconds of the processor, in all threads: how busy the machine is does not matter."""
    start = time.process_time()
    await try_login(client, email, WRONG)
    return time.process_time() - start


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"], ids=["known", "unknown"])
async def test_failures_are_limited_per_name_from_wherever_they_come(
    settings: Settings, database: Database, email: str
) -> None:
    app = accounts_app(settings.model_copy(update={"rate_limit_sign_in": "2/hour"}), database)
    answers = []

    async with open_client(app) as client:
        await register(client)
        for number in range(1, 4):
            transport = httpx2.ASGITransport(app=app, client=(f"198.51.100.{number}", 40_000))
            async with httpx2.AsyncClient(transport=transport, base_url="http://service.test") as other:
                answers.append(await try_login(other, email, WRONG))
        elsewhere = await try_login(client, "grace@example.com", WRONG)

    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert 1 <= int(answers[2].headers["retry-after"]) <= 3600
    assert elsewhere.status_code == 401


async def test_failures_are_limited_per_address_whatever_the_name(settings: Settings, database: Database) -> None:
    strict = settings.model_copy(update={"rate_limit_sign_in": "3/hour"})

    async with open_client(accounts_app(strict, database)) as client:
        await register(client)
        statuses = [(await try_login(client, f"{number}@example.com", WRONG)).status_code for number in range(4)]
        right = await try_login(client)

    assert statuses == [401, 401, 401, 429]
    assert right.status_code == 429


async def test_successes_use_up_no_attempt(settings: Settings, database: Database) -> None:
    strict = settings.model_copy(update={"rate_limit_sign_in": "1/hour"})

    async with open_client(accounts_app(strict, database)) as client:
        await register(client)
        statuses = [(await try_login(client)).status_code for _ in range(3)]

    assert statuses == [200, 200, 200]


@pytest.mark.parametrize("operation", ["login", "refresh", "logout"])
async def test_public_operations_are_limited_per_address(
    settings: Settings, database: Database, operation: str
) -> None:
    strict = settings.model_copy(update={"rate_limit": "2/hour"})

    async with open_client(accounts_app(strict, database)) as client:
        statuses = [(await client.post(f"/api/v1/auth/{operation}", json={})).status_code for _ in range(3)]

    assert statuses == [422, 422, 429]


async def test_hash_of_other_parameters_is_replaced_at_the_next_login(
    members: httpx2.AsyncClient, session: AsyncSession
) -> None:
    await register(members)
    weak = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    await session.execute(update(Account).values(password_hash=weak))

    statuses = [(await try_login(members)).status_code for _ in range(2)]

    assert statuses == [200, 200]
    assert (await session.scalars(select(Account.password_hash))).one().startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_wrong_password_replaces_no_hash(members: httpx2.AsyncClient, session: AsyncSession) -> None:
    await register(members)
    weak = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    await session.execute(update(Account).values(password_hash=weak))

    await try_login(members, password=WRONG)

    assert (await session.scalars(select(Account.password_hash))).one() == weak


class WaitingHasher(PasswordHasher):
    """Compares passwords only when it is allowed to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go_on = threading.Event(), threading.Event()

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - argon2's name
        self.asked.set()
        assert self.go_on.wait(10)
        return super().verify(hash, password)


async def test_login_does_not_outlive_a_password_that_was_changed_meanwhile(
    settings: Settings, database: Database, session: AsyncSession
) -> None:
    hasher = WaitingHasher()
    app = accounts_app(settings, database)
    app.state.sign_in_parts = replace(build_parts(settings), passwords=Passwords(at_once=1, hasher=hasher))

    async with open_client(app) as client:
        await register(client)
        signing_in = asyncio.create_task(try_login(client))
        await asyncio.to_thread(hasher.asked.wait, 10)
        await session.execute(update(Account).values(password_changed_at=func.clock_timestamp()))
        hasher.go_on.set()
        response = await signing_in

    assert response.status_code == 401
    assert await session.scalar(select(func.count()).select_from(RefreshSession)) == 0


async def test_form_of_the_password_grant_is_not_understood(members: httpx2.AsyncClient) -> None:
    form = {"grant_type": "password", "username": EMAIL, "password": PASSWORD}

    response = await members.post("/api/v1/auth/login", data=form)

    assert response.status_code == 415


# Signing out


async def test_logout_ends_the_session_and_may_be_repeated(members: httpx2.AsyncClient, ada: Tokens) -> None:
    elsewhere = await login(members)
    body = {"refresh_token": ada["refresh_token"]}

    statuses = [(await members.post(LOGOUT, json=body)).status_code for _ in range(2)]

    assert statuses == [204, 204]
    assert (await refresh(members, ada)).status_code == 401
    assert (await refresh(members, elsewhere)).status_code == 200


@pytest.mark.parametrize("where", [LOGOUT, SESSIONS])
async def test_end_of_a_session_is_announced_to_the_other_processes(
    members: httpx2.AsyncClient, ada: Tokens, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    heard: list[str] = []

    async def hear(text: str) -> None:
        heard.append(NOTIFICATION.validate_json(text).type)

    monkeypatch.setattr(notify, "HEARERS", [hear])
    method, body = ("POST", {"refresh_token": ada["refresh_token"]}) if where == LOGOUT else ("DELETE", None)
    response = await members.request(method, where, json=body, headers=bearer(ada))

    assert (response.status_code, heard) == (204, ["session.ended"])


async def test_logout_with_an_older_token_ends_the_session_too(members: httpx2.AsyncClient, ada: Tokens) -> None:
    newest = await _next(members, await _next(members, ada))

    response = await members.post(LOGOUT, json={"refresh_token": ada["refresh_token"]})

    assert response.status_code == 204
    assert (await refresh(members, newest)).status_code == 401


@pytest.mark.parametrize("token", ["", "nonsense", f"{'s' * 22}.{'v' * 43}"], ids=["empty", "malformed", "unknown"])
async def test_logout_without_a_session_is_204(members: httpx2.AsyncClient, ada: Tokens, token: str) -> None:
    response = await members.post(LOGOUT, json={"refresh_token": token})

    assert response.status_code == 204
    assert (await refresh(members, ada)).status_code == 200


@pytest.mark.parametrize("operation", ["refresh", "logout"])
@pytest.mark.parametrize("token", [7, None, "x" * 513, "\x00"], ids=["number", "null", "long", "NUL"])
async def test_what_is_no_text_is_422(members: httpx2.AsyncClient, operation: str, token: object) -> None:
    response = await members.post(f"/api/v1/auth/{operation}", json={"refresh_token": token})

    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/refresh_token"


async def test_sessions_are_listed_last_used_first(members: httpx2.AsyncClient) -> None:
    await register(members)
    first = (await try_login(members, agent="one")).json()
    second = (await try_login(members, agent=f"two \x7f\t{'x' * 300}")).json()
    newest = await _next(members, first)

    items = (await members.get(SESSIONS, headers=bearer(newest))).json()["sessions"]

    assert [item["user_agent"][:4] for item in items] == ["one", "two "]
    assert [item["current"] for item in items] == [True, False]
    assert [item["user_agent"] for item in items][1] == f"two {'x' * 196}"
    assert items[0].keys() == {"id", "created_at", "last_used_at", "expires_at", "user_agent", "current"}
    assert items[0]["created_at"] < items[0]["last_used_at"] < items[0]["expires_at"]
    assert second["refresh_token"].partition(".")[0] not in str(items)


async def test_token_of_no_session_is_nowhere_current(members: httpx2.AsyncClient, ada: Tokens) -> None:
    response = await members.get(SESSIONS, headers=bearer({"access_token": access_token("Grace")}))

    assert ada["refresh_token"]
    assert response.json() == {"sessions": []}


async def test_ended_sessions_are_not_listed(members: httpx2.AsyncClient, ada: Tokens, session: AsyncSession) -> None:
    await age_sessions(session, idle_until=timedelta(days=15))
    elsewhere = await login(members)
    await members.post(LOGOUT, json={"refresh_token": elsewhere["refresh_token"]})

    response = await members.get(SESSIONS, headers=bearer(ada))

    assert response.json() == {"sessions": []}


async def test_one_session_can_be_ended_from_another(members: httpx2.AsyncClient, ada: Tokens) -> None:
    elsewhere = await login(members)
    items = (await members.get(SESSIONS, headers=bearer(ada))).json()["sessions"]
    other = next(item["id"] for item in items if not item["current"])

    statuses = [(await members.delete(f"{SESSIONS}/{other}", headers=bearer(ada))).status_code for _ in range(2)]

    assert statuses == [204, 404]
    assert (await refresh(members, elsewhere)).status_code == 401
    assert (await refresh(members, ada)).status_code == 200


async def test_sessions_of_others_are_not_there(members: httpx2.AsyncClient, ada: Tokens) -> None:
    await register(members, "grace@example.com")
    grace = await login(members, "grace@example.com")
    hers = (await members.get(SESSIONS, headers=bearer(grace))).json()["sessions"][0]["id"]

    response = await members.delete(f"{SESSIONS}/{hers}", headers=bearer(ada))

    assert response.status_code == 404
    assert (await refresh(members, grace)).status_code == 200


async def test_logout_everywhere_ends_all_sessions_of_the_caller(members: httpx2.AsyncClient, ada: Tokens) -> None:
    elsewhere = await login(members)
    await register(members, "grace@example.com")
    grace = await login(members, "grace@example.com")

    statuses = [(await members.delete(SESSIONS, headers=bearer(ada))).status_code for _ in range(2)]

    assert statuses == [204, 204]
    assert (await refresh(members, ada)).status_code == 401
    assert (await refresh(members, elsewhere)).status_code == 401
    assert (await refresh(members, grace)).status_code == 200


async def test_viewer_may_sign_out_too(members: httpx2.AsyncClient, ada: Tokens, session: AsyncSession) -> None:
    await give_role(session, Role.VIEWER)

    looked = await members.get(SESSIONS, headers=bearer(ada))
    ended = await members.delete(SESSIONS, headers=bearer(ada))

    assert (looked.status_code, ended.status_code) == (200, 204)


# What is kept


async def test_login_clears_away_what_has_ended(
    members: httpx2.AsyncClient, ada: Tokens, session: AsyncSession
) -> None:
    await members.post(LOGOUT, json={"refresh_token": ada["refresh_token"]})

    await login(members)

    assert await session.scalar(select(func.count()).select_from(RefreshSession)) == 1


async def test_person_has_a_bounded_number_of_sessions(
    members: httpx2.AsyncClient, ada: Tokens, session: AsyncSession
) -> None:
    row = (await session.scalars(select(RefreshSession))).one()
    for number in range(MAX_SESSIONS):
        session.add(_copy(row, selector=f"visibly-fake-{number}", age=timedelta(minutes=number + 1)))
    await session.flush()

    newest = await login(members)

    assert await session.scalar(select(func.count()).select_from(RefreshSession)) == MAX_SESSIONS
    assert (await refresh(members, newest)).status_code == 200
    assert (await refresh(members, ada)).status_code == 200


def _copy(row: RefreshSession, *, selector: str, age: timedelta) -> RefreshSession:
    return RefreshSession(
        user_id=row.user_id,
        selector=selector,
        verifier_hash=b"visibly fake",
        user_agent="",
        rotated_at=row.rotated_at - age,
        idle_until=row.idle_until,
        expires_at=row.expires_at,
    )
