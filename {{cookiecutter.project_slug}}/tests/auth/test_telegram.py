"""Init data against Telegram's rules: vectors made by an independent implementation, and attacks.

Every attack goes through HTTP, because what counts is the answer.
"""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

import httpx2
import pytest
from pydantic import SecretStr

from app.auth.telegram import TelegramAuthenticator, secret_key
from app.core.settings import Settings
from app.core.settings.telegram import TelegramSettings
from app.db.database import Database
from app.main import create_app
from tests.plugins.client import open_client
from tests.plugins.sign_in_telegram import fields_of, init_data

VECTORS: Final = json.loads(Path(__file__).with_name("telegram_vectors.json").read_text(encoding="utf-8"))
BOT_TOKEN: Final = VECTORS["bot_token"]
SIGNED_AT: Final = 1_790_000_000
VALID: Final = {vector["id"]: vector["init_data"] for vector in VECTORS["vectors"]}
USER: Final = '{"id":42,"first_name":"Ada"}'


def _signed(**fields: str) -> str:
    return init_data({"auth_date": str(SIGNED_AT), "user": USER} | fields, token=BOT_TOKEN)


def _signed_raw(check_string: str, query: str) -> str:
    """A query whose hash is right for a check string that it does not plainly spell."""
    digest = hmac.digest(secret_key(BOT_TOKEN), check_string.encode(), hashlib.sha256).hex()
    return f"{query}&hash={digest}"


@pytest.fixture
async def telegram(settings: Settings, database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a service whose bot is that of the vectors, and whose clock stands at their time."""
    authenticator = TelegramAuthenticator(
        TelegramSettings.model_construct(telegram_bot_token=SecretStr(BOT_TOKEN), telegram_max_age=86_400),
        clock=lambda: SIGNED_AT + 10,
    )
    lenient = settings.model_copy(update={"rate_limit_sign_in": "10000/minute"})
    async with open_client(create_app(lenient, database=database, authenticator=authenticator)) as client:
        yield client


async def _status(client: httpx2.AsyncClient, authorization: str) -> int:
    response = await client.get("/api/v1/users/me", headers={b"Authorization": authorization.encode("latin-1")})
    if response.status_code != 200:
        assert response.headers["www-authenticate"].startswith('tma realm="api"')
        assert response.json()["code"] == "not_authenticated"
        assert response.json()["detail"] == "Sign in to use this."
    return response.status_code


@pytest.mark.parametrize("name", [name for name in VALID if name != "no-user"])
async def test_what_telegram_signs_is_accepted(telegram: httpx2.AsyncClient, name: str) -> None:
    assert await _status(telegram, f"tma {VALID[name]}") == 200


VALID_VARIATIONS: Final = {
    "another case of the scheme": f"TMA {VALID['minimal']}",
    "fields in another order": "tma " + "&".join(reversed(VALID["minimal"].split("&"))),
    "other percent-encoding": "tma " + VALID["minimal"].replace("Ada", "%41da"),
    "at the end of its life": f"tma {_signed(auth_date=str(SIGNED_AT + 10 - 86_400))}",
    "a clock that is 30 seconds ahead": f"tma {_signed(auth_date=str(SIGNED_AT + 10 + 30))}",
    "control characters in the name": f"tma {_signed(user=json.dumps({'id': 1, 'first_name': chr(0) + 'A' + chr(10)}))}",
    "a name of no characters": f"tma {_signed(user=json.dumps({'id': 1, 'first_name': ''}))}",
    "an unknown field that is signed": f"tma {_signed(tomorrow='x')}",
}


@pytest.mark.parametrize("variation", VALID_VARIATIONS)
async def test_variation_that_means_the_same_is_accepted(telegram: httpx2.AsyncClient, variation: str) -> None:
    assert await _status(telegram, VALID_VARIATIONS[variation]) == 200


def _flipped(query: str, name: str) -> str:
    head, _, tail = query.partition(f"{name}=")
    value, separator, rest = tail.partition("&")
    last = "0" if value[-1] != "0" else "1"
    return f"{head}{name}={value[:-1]}{last}{separator}{rest}"


def _hash_of(query: str) -> str:
    return query.rpartition("hash=")[2]


MINIMAL: Final = VALID["minimal"]
LEGACY: Final = VALID["legacy-without-signature"]
ATTACKS: Final = {
    "scheme alone": "tma",
    "scheme and blanks": "tma   ",
    "another scheme": f"Bearer {MINIMAL}",
    "no scheme": MINIMAL,
    "not a query": "tma hello",
    "semicolons": "tma " + MINIMAL.replace("&", ";"),
    "hash missing": "tma " + MINIMAL.rpartition("&hash=")[0],
    "hash blank": "tma " + MINIMAL.rpartition("hash=")[0] + "hash=",
    "hash too short": "tma " + MINIMAL[:-1],
    "hash too long": f"tma {MINIMAL}0",
    "hash in capitals": "tma " + MINIMAL.replace(_hash_of(MINIMAL), _hash_of(MINIMAL).upper()),
    "hash with a line feed": f"tma {MINIMAL}%0A",
    "hash not ASCII": "tma " + MINIMAL[:-1] + "%C3%A9",
    "hash of Arabic digits": "tma " + MINIMAL.rpartition("hash=")[0] + "hash=" + "%D9%A0" * 64,
    "hash changed": "tma " + _flipped(MINIMAL, "hash"),
    "hash twice": f"tma {MINIMAL}&hash={_hash_of(MINIMAL)}",
    "user changed": "tma " + MINIMAL.replace("42", "43"),
    "time changed": "tma " + _flipped(MINIMAL, "auth_date"),
    "signature changed": "tma " + MINIMAL.replace("signature=W", "signature=X"),
    "signature dropped": "tma " + "&".join(part for part in MINIMAL.split("&") if not part.startswith("signature=")),
    "a field added": f"tma {LEGACY}&start_param=x",
    "a blank field added": f"tma {LEGACY}&start_param=",
    "another bot": "tma " + init_data(fields_of("Ada", signed_at=SIGNED_AT), token="9876543210:" + "x" * 35),
    "user twice": f"tma {LEGACY}&user=%7B%22id%22%3A1%7D",
    "time twice": f"tma {LEGACY}&auth_date=1790000001",
    "line feed in a value": "tma "
    + _signed_raw(
        f"auth_date={SIGNED_AT}\nchat_type=private\nuser={USER}",
        f"auth_date={SIGNED_AT}&chat_type=private%0Auser={quote(USER)}",
    ),
    "line feed in a name": "tma "
    + _signed_raw(f"a=b\nauth_date={SIGNED_AT}\nuser={USER}", f"a=b%0Aauth_date={SIGNED_AT}&user={quote(USER)}"),
    "time missing": "tma " + init_data({"user": USER}, token=BOT_TOKEN),
    "time a fraction": f"tma {_signed(auth_date=f'{SIGNED_AT}.5')}",
    "time in milliseconds": f"tma {_signed(auth_date=f'{SIGNED_AT}000')}",
    "time a superscript": f"tma {_signed(auth_date='²')}",
    "time in Arabic digits": f"tma {_signed(auth_date='١٧٩٠٠٠٠٠٠٠')}",
    "time of thirty digits": f"tma {_signed(auth_date='1' * 30)}",
    "time negative": f"tma {_signed(auth_date=f'-{SIGNED_AT}')}",
    "from the future": f"tma {_signed(auth_date=str(SIGNED_AT + 10 + 31))}",
    "expired": f"tma {_signed(auth_date=str(SIGNED_AT + 10 - 86_401))}",
    "nobody": f"tma {VALID['no-user']}",
    "user blank": f"tma {_signed(user='')}",
    "user null": f"tma {_signed(user='null')}",
    "user a list": f"tma {_signed(user='[]')}",
    "user broken": f"tma {_signed(user='{')}",
    "user without an id": f"tma {_signed(user='{}')}",
    "user with a negative id": "tma " + _signed(user='{"id":-1}'),
    "user with an id too large": "tma " + _signed(user='{"id":4503599627370496}'),
    "user nested three thousand deep": "tma " + _signed(user="[" * 3000),
    "5 KB": "tma " + _signed(start_param="x" * 5000),
    "500 fields": "tma " + "&".join(f"f{number}=" for number in range(500)) + f"&hash={'0' * 64}",
    "raw UTF-8": "tma " + unquote(VALID["unicode"]).encode().decode("latin-1"),
    "broken UTF-8": f"tma {LEGACY}&x=%FF",
    "unsigned, nested three thousand deep": "tma user=" + "[" * 3000 + f"&auth_date={SIGNED_AT}&hash={'0' * 64}",
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_attack_is_refused_with_401(telegram: httpx2.AsyncClient, attack: str) -> None:
    assert await _status(telegram, ATTACKS[attack]) == 401


async def test_request_without_credentials_is_told_how_to_sign_in(telegram: httpx2.AsyncClient) -> None:
    response = await telegram.get("/api/v1/users/me")

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'tma realm="api"'


async def test_wrong_credentials_are_named_invalid_and_no_more(telegram: httpx2.AsyncClient) -> None:
    response = await telegram.get("/api/v1/users/me", headers={"Authorization": ATTACKS["expired"]})

    assert response.headers["www-authenticate"] == 'tma realm="api", error="invalid_token"'
    assert "expired" not in response.text


async def test_two_credentials_are_refused(telegram: httpx2.AsyncClient) -> None:
    headers = [("Authorization", f"tma {MINIMAL}"), ("Authorization", f"tma {MINIMAL}")]

    response = await telegram.get("/api/v1/users/me", headers=headers)

    assert response.status_code == 401


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 100_000, b'{"display_name": 1}'])
async def test_broken_body_without_credentials_is_401(telegram: httpx2.AsyncClient, content: bytes) -> None:
    response = await telegram.patch("/api/v1/users/me", content=content, headers={"Content-Type": "application/json"})

    assert response.status_code == 401


async def test_name_and_language_come_from_telegram(telegram: httpx2.AsyncClient) -> None:
    user = {"id": 7, "first_name": "Émi\x00lie", "last_name": "du Châtelet\n", "language_code": "fr-FR"}

    response = await telegram.get(
        "/api/v1/users/me", headers={"Authorization": f"tma {_signed(user=json.dumps(user))}"}
    )

    assert response.json()["display_name"] == "Émilie du Châtelet"
    assert response.json()["locale"] == "fr"


@pytest.mark.parametrize(
    ("user", "name"), [({"id": 7, "username": "ada"}, "ada"), ({"id": 7, "first_name": "\x00"}, "Telegram 7")]
)
async def test_person_without_a_name_gets_one(telegram: httpx2.AsyncClient, user: object, name: str) -> None:
    response = await telegram.get(
        "/api/v1/users/me", headers={"Authorization": f"tma {_signed(user=json.dumps(user))}"}
    )

    assert response.json()["display_name"] == name


async def test_failed_sign_ins_are_limited_per_address(settings: Settings, database: Database) -> None:
    strict = settings.model_copy(update={"rate_limit_sign_in": "3/minute"})

    async with open_client(create_app(strict, database=database)) as client:
        wrong = {"Authorization": "tma wrong"}
        statuses = [(await client.get("/api/v1/users/me", headers=wrong)).status_code for _ in range(5)]
        last = await client.get("/api/v1/users/me", headers=wrong)

    assert statuses == [401, 401, 401, 429, 429]
    assert last.json()["code"] == "too_many_requests"
    assert 1 <= int(last.headers["retry-after"]) <= 60


async def test_requests_without_credentials_are_limited_per_address(settings: Settings, database: Database) -> None:
    strict = settings.model_copy(update={"rate_limit": "3/minute"})

    async with open_client(create_app(strict, database=database)) as client:
        statuses = [(await client.get("/api/v1/users/me")).status_code for _ in range(4)]

    assert statuses == [401, 401, 401, 429]


def test_provider_without_a_token_is_not_built() -> None:
    with pytest.raises(ValueError, match="TELEGRAM_BOT_TOKEN"):
        TelegramAuthenticator(TelegramSettings.model_construct(telegram_bot_token=None))
