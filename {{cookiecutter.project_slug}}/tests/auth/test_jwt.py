"""Access tokens on guarded operations, through HTTP."""

from collections.abc import AsyncIterator, Callable
from functools import partial

import httpx2
import pytest

from app.api.router import PUBLIC
from app.core.settings import Settings
from app.db.database import Database
from tests.auth.access_tokens_attacks import KEYS, OLD_KEY, SUBJECT, attacks, token
from tests.plugins.client import open_client
from tests.plugins.sign_in_jwt import accounts_app

ATTACKS = {name: f"Bearer {forged}" for name, forged in attacks(audience="account").items()} | {
    "scheme alone": "Bearer",
    "scheme and blanks": "Bearer   ",
    "another scheme": f"Basic {token(audience='account')}",
    "no scheme": token(audience="account"),
    "two tokens": f"Bearer {token(audience='account')} {token(audience='account')}",
    "refresh token": f"Bearer {'s' * 22}.{'v' * 43}",
    "for another kind of caller": f"Bearer {token(audience='other')}",
}


@pytest.fixture
async def members(
    sign_in_settings: dict[str, str], settings: Settings, database: Database
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the application with a new and a former key."""
    values = {
        **sign_in_settings,
        "database_url": settings.database_url,
        "access_token_keys": KEYS,
        "rate_limit_sign_in": "1000/minute",
    }
    async with open_client(accounts_app(Settings.model_validate(values), database)) as client:
        yield client


async def _get(client: httpx2.AsyncClient, authorization: str) -> httpx2.Response:
    return await client.get("/api/v1/users/me", headers={b"Authorization": authorization.encode()})


@pytest.mark.parametrize(
    ("scheme", "make"),
    [
        ("Bearer", partial(token, audience="account")),
        ("bearer", partial(token, audience="account")),
        ("Bearer", partial(token, {"kid": "old"}, key=OLD_KEY, audience="account")),
        ("Bearer", partial(token, {"typ": "AT+JWT"}, audience="account")),
    ],
    ids=["new key", "small letters", "former key", "type in capitals"],
)
async def test_valid_token_signs_in(members: httpx2.AsyncClient, scheme: str, make: Callable[[], str]) -> None:
    response = await _get(members, f"{scheme} {make()}")

    assert response.status_code == 200


async def test_every_token_of_a_subject_is_the_same_person(members: httpx2.AsyncClient) -> None:
    first = await _get(members, f"Bearer {token(audience='account')}")
    second = await _get(members, f"Bearer {token(claims={'sid': 'other'}, audience='account')}")
    another = await _get(members, f"Bearer {token(claims={'sub': SUBJECT[::-1]}, audience='account')}")

    assert first.json()["id"] == second.json()["id"] != another.json()["id"]


@pytest.mark.parametrize("attack", ATTACKS)
async def test_attack_is_refused_with_401(members: httpx2.AsyncClient, attack: str) -> None:
    response = await _get(members, ATTACKS[attack])

    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith('Bearer realm="api"')


async def test_request_without_credentials_is_challenged(members: httpx2.AsyncClient) -> None:
    response = await members.get("/api/v1/users/me")

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer realm="api"'


async def test_wrong_token_is_named_invalid_and_no_more(members: httpx2.AsyncClient) -> None:
    response = await _get(members, ATTACKS["expired"])

    assert response.headers["www-authenticate"] == 'Bearer realm="api", error="invalid_token"'
    assert "expired" not in response.text


async def test_two_credentials_are_refused(members: httpx2.AsyncClient) -> None:
    value = f"Bearer {token(audience='account')}"

    response = await members.get("/api/v1/users/me", headers=[("Authorization", value), ("Authorization", value)])

    assert response.status_code == 401


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 100_000, b'{"display_name": 1}'])
async def test_broken_body_without_credentials_is_401(members: httpx2.AsyncClient, content: bytes) -> None:
    response = await members.patch("/api/v1/users/me", content=content, headers={"Content-Type": "application/json"})

    assert response.status_code == 401


def test_only_what_brings_its_own_credentials_is_public() -> None:
    public = {f"POST /api/v1/auth/{name}" for name in ("register", "login", "refresh", "logout")}

    assert public <= PUBLIC


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/auth/sessions"),
        ("DELETE", "/api/v1/auth/sessions"),
        ("DELETE", "/api/v1/auth/sessions/not-an-id"),
        ("PUT", "/api/v1/auth/password"),
    ],
)
async def test_every_guarded_operation_needs_a_token(members: httpx2.AsyncClient, method: str, path: str) -> None:
    response = await members.request(method, path)

    assert response.status_code == 401
