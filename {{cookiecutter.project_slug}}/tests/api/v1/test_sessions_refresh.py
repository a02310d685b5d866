"""Refresh tokens over HTTP: each is for one use, and an old one ends its session."""

import asyncio
from datetime import timedelta

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.permissions import Role
from app.core.settings import Settings
from app.db.database import Database
from app.models.sessions import RefreshSession
from tests.plugins.client import open_client
from tests.plugins.sign_in_jwt import Tokens, accounts_app, age_sessions, bearer, give_role, login, refresh, register

SESSIONS = "/api/v1/auth/sessions"


async def _next(client: httpx2.AsyncClient, tokens: Tokens) -> Tokens:
    response = await refresh(client, tokens)
    assert response.status_code == 200, response.text
    following: Tokens = response.json()
    return following


async def test_refresh_gives_the_next_pair(members: httpx2.AsyncClient, ada: Tokens) -> None:
    response = await refresh(members, ada)

    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert response.json()["refresh_token"] != ada["refresh_token"]
    assert (await members.get("/api/v1/users/me", headers=bearer(response.json()))).status_code == 200


async def test_session_goes_on_through_many_refreshes(members: httpx2.AsyncClient, ada: Tokens) -> None:
    tokens = ada
    for _ in range(5):
        tokens = await _next(members, tokens)

    sessions = (await members.get(SESSIONS, headers=bearer(tokens))).json()["sessions"]
    assert len(sessions) == 1


async def test_only_hashes_of_refresh_tokens_are_stored(
    members: httpx2.AsyncClient, ada: Tokens, session: AsyncSession
) -> None:
    newest = await _next(members, ada)

    row = (await session.execute(select(RefreshSession.__table__))).one()
    for tokens in (ada, newest):
        verifier = tokens["refresh_token"].partition(".")[2]
        assert verifier
        assert verifier not in repr(row)
    assert [len(row.verifier_hash), len(row.previous_hash)] == [32, 32]


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "x",
        f"{'s' * 22}{'v' * 43}",
        f"{'s' * 22}.{'v' * 42}",
        f"{'s' * 22}.{'v' * 43}\n",
        f"{'é' * 22}.{'v' * 43}",
    ],
    ids=["empty", "dot", "letter", "no dot", "short", "line feed", "not ASCII"],
)
async def test_malformed_refresh_token_is_401(members: httpx2.AsyncClient, token: str) -> None:
    response = await refresh(members, {"refresh_token": token})

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer realm="api"'


async def test_unknown_refresh_token_is_401(members: httpx2.AsyncClient, ada: Tokens) -> None:
    unknown = {"refresh_token": f"{'s' * 22}.{ada['refresh_token'].partition('.')[2]}"}

    response = await refresh(members, unknown)

    assert response.status_code == 401
    assert (await refresh(members, ada)).status_code == 200


async def test_access_token_is_no_refresh_token(members: httpx2.AsyncClient, ada: Tokens) -> None:
    response = await refresh(members, {"refresh_token": ada["access_token"]})

    assert response.status_code == 401


async def test_refresh_token_is_no_access_token(members: httpx2.AsyncClient, ada: Tokens) -> None:
    response = await members.get("/api/v1/users/me", headers=bearer({"access_token": ada["refresh_token"]}))

    assert response.status_code == 401


async def test_idle_session_has_ended(members: httpx2.AsyncClient, ada: Tokens, session: AsyncSession) -> None:
    await age_sessions(session, idle_until=timedelta(days=14))

    assert (await refresh(members, ada)).status_code == 401


async def test_session_used_in_time_goes_on(members: httpx2.AsyncClient, ada: Tokens, session: AsyncSession) -> None:
    await age_sessions(session, idle_until=timedelta(days=13, hours=23))
    newest = await _next(members, ada)
    await age_sessions(session, idle_until=timedelta(days=13, hours=23))

    assert (await refresh(members, newest)).status_code == 200


async def test_session_ends_however_much_it_is_used(
    members: httpx2.AsyncClient, ada: Tokens, session: AsyncSession
) -> None:
    await age_sessions(session, expires_at=timedelta(days=59, hours=23))
    newest = await _next(members, ada)
    assert 3500 < int(newest["refresh_expires_in"]) <= 3600

    await age_sessions(session, expires_at=timedelta(hours=1))

    assert (await refresh(members, newest)).status_code == 401


async def test_token_before_the_newest_gets_the_same_successor_for_a_moment(
    members: httpx2.AsyncClient, ada: Tokens, session: AsyncSession
) -> None:
    newest = await _next(members, ada)
    await age_sessions(session, rotated_at=timedelta(seconds=8))

    again = await _next(members, ada)

    assert again["refresh_token"] == newest["refresh_token"]
    assert (await members.get("/api/v1/users/me", headers=bearer(again))).status_code == 200
    assert (await refresh(members, newest)).status_code == 200


async def test_token_before_the_newest_ends_the_session_after_that_moment(
    members: httpx2.AsyncClient, ada: Tokens, session: AsyncSession
) -> None:
    newest = await _next(members, ada)
    await age_sessions(session, rotated_at=timedelta(seconds=11))

    response = await refresh(members, ada)

    assert response.status_code == 401
    assert (await refresh(members, newest)).status_code == 401


async def test_any_older_token_ends_the_session_at_once(members: httpx2.AsyncClient, ada: Tokens) -> None:
    second = await _next(members, ada)
    newest = await _next(members, second)

    response = await refresh(members, ada)

    assert response.status_code == 401
    assert (await refresh(members, second)).status_code == 401
    assert (await refresh(members, newest)).status_code == 401


async def test_guessed_verifier_ends_the_session(members: httpx2.AsyncClient, ada: Tokens) -> None:
    selector = ada["refresh_token"].partition(".")[0]

    response = await refresh(members, {"refresh_token": f"{selector}.{'v' * 43}"})

    assert response.status_code == 401
    assert (await refresh(members, ada)).status_code == 401


async def test_end_of_a_session_by_an_old_token_is_committed_before_the_401(
    settings: Settings, committing_database: Database
) -> None:
    async with open_client(accounts_app(settings, committing_database)) as client:
        await register(client)
        first = await login(client)
        newest = await _next(client, await _next(client, first))

        assert (await refresh(client, first)).status_code == 401
        async with committing_database.session() as session:
            assert (await session.scalars(select(RefreshSession.revoked_at))).one() is not None
        assert (await refresh(client, newest)).status_code == 401


async def test_reuse_ends_one_session_only(members: httpx2.AsyncClient, ada: Tokens) -> None:
    elsewhere = await login(members)
    await _next(members, await _next(members, ada))

    await refresh(members, ada)

    assert (await refresh(members, elsewhere)).status_code == 200


async def test_twenty_refreshes_at_once_agree_on_one_successor(
    settings: Settings, committing_database: Database
) -> None:
    async with open_client(accounts_app(settings, committing_database)) as client:
        await register(client)
        tokens = await login(client)

        answers = await asyncio.gather(*[refresh(client, tokens) for _ in range(20)])

        assert [answer.status_code for answer in answers] == [200] * 20
        successors = {answer.json()["refresh_token"] for answer in answers}
        assert len(successors) == 1
        assert (await refresh(client, {"refresh_token": successors.pop()})).status_code == 200


async def test_new_secret_key_costs_only_the_second_answer(
    members: httpx2.AsyncClient, ada: Tokens, settings: Settings, database: Database
) -> None:
    newest = await _next(members, ada)
    rotated = settings.model_copy(update={"secret_key": SecretStr("visibly-fake-new-key-0123456789abcdef")})

    async with open_client(accounts_app(rotated, database)) as client:
        assert (await refresh(client, ada)).status_code == 401
        following = await refresh(client, newest)
        assert following.status_code == 200
        assert (await refresh(client, following.json())).status_code == 200


async def test_blocked_person_cannot_refresh_until_unblocked(
    members: httpx2.AsyncClient, ada: Tokens, session: AsyncSession
) -> None:
    await give_role(session, Role.BLOCKED)
    blocked = await refresh(members, ada)
    guarded = await members.get(SESSIONS, headers=bearer(ada))
    await give_role(session, Role.MEMBER)

    assert (blocked.status_code, guarded.status_code) == (401, 403)
    assert (await refresh(members, ada)).status_code == 200
