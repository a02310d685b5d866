"""Access tokens on the scheme `tma`: what is taken for one, and attacks on it."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping
from typing import Final

import httpx2
import jwt
import pytest

from app.auth.access_tokens import AccessTokens
from app.auth.telegram import TelegramAuthenticator, access_tokens
from app.core import project
from app.core.settings import Settings
from app.db.database import Database
from tests.auth.telegram_vectors import MINIMAL, open_telegram, signed, status_of

KEY: Final = b"visibly-fake-signing-key-0123456789"  # of the plugin `sign_in_telegram`
CLAIMS: Final = {
    "iss": project.NAME,
    "aud": f"{project.NAME}:telegram",
    "sub": "42",
    "sid": "",
    "iat": int(time.time()),
    "exp": int(time.time()) + 86_400,  # made when the tests are collected, perhaps long before they run
    "jti": "fake",
}


def _token(
    *, key: bytes = KEY, algorithm: str = "HS256", header: Mapping[str, str] = {}, without: str = "", **claims: object
) -> str:
    given = {name: value for name, value in {**CLAIMS, **claims}.items() if name != without}
    return jwt.encode(given, key, algorithm=algorithm, headers={"typ": "at+jwt", "kid": "test", **header})


def _part(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _without_signature() -> str:
    head, payload, _ = _token().split(".")
    return f"{head}.{payload}."


def _unsigned(algorithm: str) -> str:
    head = json.dumps({"alg": algorithm, "typ": "at+jwt", "kid": "test"})
    return f"{_part(head)}.{_token().split('.')[1]}."


@pytest.fixture
async def telegram(settings: Settings, database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a service that takes init data and access tokens."""
    async with open_telegram(settings, database) as client:
        yield client


@pytest.mark.parametrize("scheme", ["tma", "TMA", "tma  "])
async def test_access_token_signs_in(telegram: httpx2.AsyncClient, scheme: str) -> None:
    assert await status_of(telegram, f"{scheme} {_token()}") == 200


async def test_access_token_signs_in_the_person_it_names(telegram: httpx2.AsyncClient) -> None:
    by_init_data = await telegram.get("/api/v1/users/me", headers={"Authorization": f"tma {MINIMAL}"})
    by_token = await telegram.get("/api/v1/users/me", headers={"Authorization": f"tma {_token(sub='42')}"})

    assert by_token.json() == by_init_data.json()


ATTACKS: Final = {
    "another scheme": f"Bearer {_token()}",
    "no scheme": _token(),
    "two parts": "tma " + _token().rpartition(".")[0],
    "four parts": f"tma {_token()}.x",
    "signature stripped": f"tma {_without_signature()}",
    "signature blank, with another in its place": f"tma {_without_signature()}AAAA",
    "padded": f"tma {_token()}=",
    "algorithm none": "tma " + _unsigned("none"),
    "algorithm none, with a signature": "tma " + _unsigned("none") + "AAAA",
    "algorithm nOnE, with a signature": "tma " + _unsigned("nOnE") + "AAAA",
    "another algorithm": "tma " + _token(key=KEY * 2, algorithm="HS512"),
    "another key": "tma " + _token(key=b"another-visibly-fake-key-0123456789"),
    "an unknown key id": "tma " + _token(header={"kid": "gone"}),
    "type JWT": "tma " + _token(header={"typ": "JWT"}),
    "audience of other tokens of ours": "tma " + _token(aud=f"{project.NAME}:other"),
    "audience of another service": "tma " + _token(aud="other:telegram"),
    "several audiences": "tma " + _token(aud=[f"{project.NAME}:telegram"]),
    "another issuer": "tma " + _token(iss="other"),
    "expired": "tma " + _token(iat=int(time.time()) - 700, exp=int(time.time()) - 100),
    "not yet issued": "tma " + _token(iat=int(time.time()) + 43_200),
    "without an end": "tma " + _token(without="exp"),
    "a number for a subject": "tma " + _token(sub=42),
    "payload swapped": "tma " + _token().replace(_token().split(".")[1], _token(sub="43").split(".")[1]),
    "5 KB": "tma " + _token(jti="x" * 5000),
    "a token and init data": f"tma {_token()}&{MINIMAL}",
    "init data that ends like a token": f"tma {MINIMAL}.a.b",
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_attack_is_refused_with_401(telegram: httpx2.AsyncClient, attack: str) -> None:
    assert await status_of(telegram, ATTACKS[attack]) == 401


async def test_init_data_with_dots_in_it_is_not_taken_for_a_token(telegram: httpx2.AsyncClient) -> None:
    assert await status_of(telegram, f"tma {signed(start_param='a.b.c')}") == 200


async def test_token_for_somebody_else_does_not_sign_in_here(telegram: httpx2.AsyncClient, settings: Settings) -> None:
    token = AccessTokens(settings, audience="other").issue("42")

    assert await status_of(telegram, f"tma {token}") == 401


async def test_credentials_expire_when_the_token_does(settings: Settings) -> None:
    before = time.time()

    principal = await TelegramAuthenticator(settings).authenticate([f"tma {access_tokens(settings).issue('42')}"])

    assert principal.subject == "42"
    assert principal.expires_at is not None
    assert 599 <= principal.expires_at - before <= 601
