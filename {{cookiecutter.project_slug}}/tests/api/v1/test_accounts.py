"""Registration and changes of the password over HTTP."""

import json
from typing import Any

import httpx2
import pytest
import structlog
from service_devkit.fixtures.queries import folded, recording
from sqlalchemy import Engine, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.settings import Settings
from app.db.database import Database
from app.models.accounts import Account
from app.models.users import User
from tests.plugins.client import open_client
from tests.plugins.sign_in_jwt import (
    EMAIL,
    PASSWORD,
    Tokens,
    access_token,
    accounts_app,
    bearer,
    login,
    refresh,
    register,
    try_login,
)

REGISTER = "/api/v1/auth/register"
CHANGE = "/api/v1/auth/password"
NEW_PASSWORD = "another visibly fake one"


def _body(**changes: object) -> dict[str, object]:
    return {"email": EMAIL, "password": PASSWORD, "display_name": "Ada"} | changes


async def _change(client: httpx2.AsyncClient, tokens: Tokens, **changes: str) -> httpx2.Response:
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD} | changes
    return await client.put(CHANGE, json=body, headers=bearer(tokens))


async def test_registered_person_can_sign_in(members: httpx2.AsyncClient) -> None:
    response = await members.post(REGISTER, json=_body(display_name="Ada Lovelace"))

    me = await members.get("/api/v1/users/me", headers=bearer(await login(members)))
    assert (response.status_code, response.json()) == (202, {"status": "accepted"})
    assert me.json()["display_name"] == "Ada Lovelace"


async def test_registration_makes_one_person_whose_subject_is_its_id(ada: Tokens, session: AsyncSession) -> None:
    user = (await session.scalars(select(User))).one()

    assert ada["token_type"] == "Bearer"
    assert (user.auth_provider, user.auth_subject) == ("password", str(user.id))


async def test_taken_address_is_answered_as_a_free_one(members: httpx2.AsyncClient, session: AsyncSession) -> None:
    free = await members.post(REGISTER, json=_body())
    taken = await members.post(REGISTER, json=_body(password=NEW_PASSWORD, display_name="Mallory"))

    assert (free.status_code, free.content) == (taken.status_code, taken.content)
    assert {*free.headers} == {*taken.headers}
    assert await session.scalar(select(func.count()).select_from(User)) == 1
    assert (await try_login(members)).status_code == 200
    assert (await try_login(members, password=NEW_PASSWORD)).status_code == 401


@pytest.mark.parametrize("announced", [True, False])
async def test_taken_address_sends_the_statements_of_a_free_one(
    settings: Settings, database: Database, announced: bool
) -> None:
    app = accounts_app(settings, database)
    sent: list[list[str]] = []

    async with open_client(app) as client:
        if not announced:
            app.state.on_registration = ()
        for name in ("Ada", "Mallory"):
            with recording(Engine) as statements:
                await client.post(REGISTER, json=_body(display_name=name))
            sent.append([folded(text) for text, _ in statements.sent])

    assert sent[0] == sent[1] != []


@pytest.mark.parametrize(("tells", "free", "taken"), [(False, 202, 202), (True, 201, 409)])
async def test_setting_decides_whether_a_registration_tells(
    settings: Settings, database: Database, *, tells: bool, free: int, taken: int
) -> None:
    app = accounts_app(settings.model_copy(update={"registration_tells": tells}), database)

    async with open_client(app) as client:
        responses = [await client.post(REGISTER, json=_body(password=each)) for each in (PASSWORD, NEW_PASSWORD)]
        logins = [(await try_login(client, password=each)).status_code for each in (PASSWORD, NEW_PASSWORD)]

    assert [response.status_code for response in responses] == [free, taken]
    assert responses[1].json().get("code", "email_taken") == "email_taken"
    assert logins == [200, 401]


@pytest.mark.parametrize(
    "spelling",
    ["ADA@Example.COM", "  ada@example.com ", "\uff41da@example.com"],
    ids=["capitals", "blanks", "full-width letter"],
)
async def test_address_has_one_spelling(members: httpx2.AsyncClient, spelling: str) -> None:
    await register(members, spelling)

    assert (await try_login(members, EMAIL)).status_code == 200
    assert (await try_login(members, spelling)).status_code == 200


@pytest.mark.parametrize("address", ["ада@example.com", "adé@bücher.example", "अदा@example.com", "a+b_c!#$%@example"])
async def test_address_in_any_script_is_good(members: httpx2.AsyncClient, address: str) -> None:
    await register(members, address)

    assert (await try_login(members, address)).status_code == 200


async def test_password_is_the_same_however_a_keyboard_composes_it(members: httpx2.AsyncClient) -> None:
    await register(members, password="visibly f\u0061\u0301ke e\u0301t\u00e9")

    response = await try_login(members, password="visibly f\u00e1ke \u00e9te\u0301")

    assert response.status_code == 200


async def test_blanks_around_a_password_are_not_part_of_it(members: httpx2.AsyncClient) -> None:
    await register(members, password=" visibly fake one ")

    statuses = [
        (await try_login(members, password=typed)).status_code for typed in ("visibly fake one", "visiblyfakeone")
    ]

    assert statuses == [200, 401]


@pytest.mark.parametrize("taken", [False, True], ids=["free", "taken"])
@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"password": "elevenchars"}, "/password", "password_length"),
        ({"password": "x1-Y2" * 26}, "/password", "password_length"),
        ({"password": "a\u0301" * 7}, "/password", "password_length"),
        ({"password": "x" * 513}, "/password", "string_too_long"),
        ({"password": "visibly fake\x00but long"}, "/password", "string_pattern_mismatch"),
        ({"password": "Password1234"}, "/password", "password_common"),
        ({"password": "abababababab"}, "/password", "password_common"),
        ({"password": EMAIL}, "/password", "password_is_email"),
        ({"password": "Grace.Hopper", "email": "grace.hopper@example.com"}, "/password", "password_is_email"),
        ({"password": 7}, "/password", "string_type"),
        ({"password": "visibly \ud800 fake one"}, "/password", "string_unicode"),
        ({"email": "ada"}, "/email", "string_pattern_mismatch"),
        ({"email": "ada@"}, "/email", "string_pattern_mismatch"),
        ({"email": "a b@example.com"}, "/email", "string_pattern_mismatch"),
        ({"email": "ada@example.com\x00"}, "/email", "string_pattern_mismatch"),
        ({"email": "ada@exa\uff20mple.com"}, "/email", "email_form"),
        *[
            ({"email": f"a{invisible}da@example.com"}, "/email", "email_form")
            for invisible in (
                "\u200b\u200d\u00ad\u2060\u3164\u034f\ufe0f\U000e0061"
                "\u2800\u0378\ue000\ufdd0\u115f\uffa0\u17b4\u180e\U000e0100\u202e\u2066"
            )
        ],
        ({"email": "ada@example.com."}, "/email", "email_form"),
        ({"email": "ada@.example.com"}, "/email", "email_form"),
        ({"email": "ada@exam\u200bple.com"}, "/email", "email_form"),
        ({"email": f"{'a' * 251}@b.c"}, "/email", "string_too_long"),
        ({"display_name": " "}, "/display_name", "string_too_short"),
        ({"role": "admin"}, "/role", "extra_forbidden"),
    ],
)
async def test_what_is_refused_is_refused_whether_the_address_is_taken_or_not(
    members: httpx2.AsyncClient, taken: bool, changes: dict[str, object], pointer: str, code: str
) -> None:
    if taken:
        await register(members)

    response = await members.post(
        REGISTER, content=json.dumps(_body(**changes)), headers={"Content-Type": "application/json"}
    )

    assert response.status_code == 422
    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [(pointer, code)]


@pytest.mark.parametrize("password", ["x1-Y2-z3" * 16, "twelve chars"], ids=["128 characters", "12 characters"])
async def test_longest_and_shortest_password_are_good(members: httpx2.AsyncClient, password: str) -> None:
    await register(members, password=password)

    assert (await try_login(members, password=password)).status_code == 200
    assert (await try_login(members, password=password[:-1])).status_code == 401


async def test_only_a_slow_hash_of_the_password_is_stored(ada: Tokens, session: AsyncSession) -> None:
    account = (await session.scalars(select(Account))).one()

    assert ada["access_token"]
    assert account.password_hash.startswith("$argon2id$")
    assert PASSWORD not in account.password_hash


@pytest.mark.parametrize("limit", ["rate_limit", "rate_limit_sign_in"])
async def test_registrations_are_limited_per_address(settings: Settings, database: Database, limit: str) -> None:
    strict = settings.model_copy(update={limit: "2/hour"})

    async with open_client(accounts_app(strict, database)) as client:
        statuses = [(await client.post(REGISTER, json=_body())).status_code for _ in range(3)]

    assert statuses == [202, 202, 429]


async def test_changed_password_is_the_only_one(members: httpx2.AsyncClient, ada: Tokens) -> None:
    response = await _change(members, ada)

    assert response.status_code == 204
    assert (await try_login(members)).status_code == 401
    assert (await try_login(members, password=NEW_PASSWORD)).status_code == 200


async def test_change_of_the_password_ends_every_session(members: httpx2.AsyncClient, ada: Tokens) -> None:
    elsewhere = await login(members)
    newest = (await refresh(members, elsewhere)).json()

    await _change(members, ada)

    for tokens in (ada, elsewhere, newest):
        assert (await refresh(members, tokens)).status_code == 401


async def test_change_of_the_password_leaves_other_people_alone(members: httpx2.AsyncClient, ada: Tokens) -> None:
    await register(members, "grace@example.com")
    grace = await login(members, "grace@example.com")

    await _change(members, ada)

    assert (await refresh(members, grace)).status_code == 200
    assert (await try_login(members, "grace@example.com")).status_code == 200


async def test_wrong_current_password_changes_nothing(members: httpx2.AsyncClient, ada: Tokens) -> None:
    response = await _change(members, ada, current_password="visibly wrong one")

    assert (response.status_code, response.json()["code"]) == (403, "wrong_password")
    assert (await try_login(members)).status_code == 200
    assert (await refresh(members, ada)).status_code == 200


@pytest.mark.parametrize(
    ("password", "code"),
    [("short", "password_length"), ("password1234", "password_common"), (EMAIL.upper(), "password_is_email")],
)
async def test_weak_new_password_is_refused(members: httpx2.AsyncClient, ada: Tokens, password: str, code: str) -> None:
    response = await _change(members, ada, new_password=password)

    error: dict[str, Any] = response.json()["errors"][0]
    assert response.status_code == 422
    assert (error["location"], error["pointer"], error["code"]) == ("body", "/new_password", code)


async def test_guesses_at_the_current_password_count_as_failed_sign_ins(settings: Settings, database: Database) -> None:
    strict = settings.model_copy(update={"rate_limit_sign_in": "2/hour"})

    async with open_client(accounts_app(strict, database)) as client:
        await register(client)
        ada = await login(client)
        statuses = [(await _change(client, ada, current_password="wrong")).status_code for _ in range(3)]
        right = await try_login(client)

    assert statuses == [403, 403, 429]
    assert right.status_code == 429


async def test_person_without_a_password_has_none_to_change(members: httpx2.AsyncClient) -> None:
    response = await _change(members, {"access_token": access_token("Grace")})

    assert response.status_code == 404


async def test_nothing_secret_is_logged(
    members: httpx2.AsyncClient, ada: Tokens, logs: list[structlog.typing.EventDict]
) -> None:
    await try_login(members, password=NEW_PASSWORD)
    newest = (await refresh(members, ada)).json()
    await _change(members, ada)
    await refresh(members, newest)

    text = repr(logs)
    assert logs
    for secret in (PASSWORD, NEW_PASSWORD, EMAIL, ada["refresh_token"], newest["refresh_token"], ada["access_token"]):
        assert secret not in text
