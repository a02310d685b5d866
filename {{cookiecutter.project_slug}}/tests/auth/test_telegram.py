"""Init data against Telegram's rules: vectors made by an independent implementation, and attacks.

Every attack goes through HTTP, because what counts is the answer.
"""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import quote, unquote

import httpx2
import pytest
from pydantic import SecretStr
from structlog.typing import EventDict

from app.auth.telegram import TelegramAuthenticator
from app.auth.telegram_init_data import secret_key
from app.core.settings import Settings
from app.db.database import Database
from app.main import create_app
from tests.auth.telegram_vectors import (
    BOT_TOKEN,
    MINIMAL,
    NOW,
    SIGNED_AT,
    USER,
    VALID,
    flipped,
    open_telegram,
    signed,
    status_of,
    without,
)
from tests.plugins.client import open_client
from tests.plugins.sign_in_telegram import fields_of, init_data

OTHER_TOKEN: Final = "9876543210:" + "another-fake-token-for-tests".ljust(35, "x")
LEGACY: Final = VALID["legacy-without-signature"]


def _signed_raw(check_string: str, query: str) -> str:
    """A query whose hash is right for a check string that it does not plainly spell."""
    digest = hmac.digest(secret_key(BOT_TOKEN), check_string.encode(), hashlib.sha256).hex()
    return f"{query}&hash={digest}"


def _of_length(length: int) -> str:
    return signed(start_param="x" * (length - len(signed(start_param=""))))


@pytest.fixture
async def telegram(settings: Settings, database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a service whose bot is that of the vectors, and whose clock stands at their time."""
    async with open_telegram(settings, database) as client:
        yield client


@pytest.mark.parametrize("name", [name for name in VALID if name != "no-user"])
async def test_what_telegram_signs_is_accepted(telegram: httpx2.AsyncClient, name: str) -> None:
    assert await status_of(telegram, f"tma {VALID[name]}") == 200


VALID_VARIATIONS: Final = {
    "another case of the scheme": f"TMA {VALID['minimal']}",
    "fields in another order": "tma " + "&".join(reversed(VALID["minimal"].split("&"))),
    "other percent-encoding": "tma " + VALID["minimal"].replace("Ada", "%41da"),
    "at the end of its life": f"tma {signed(auth_date=str(SIGNED_AT + 10 - 86_400))}",
    "a clock that is 30 seconds ahead": f"tma {signed(auth_date=str(SIGNED_AT + 10 + 30))}",
    "control characters in the name": f"tma {signed(user=json.dumps({'id': 1, 'first_name': chr(0) + 'A' + chr(10)}))}",
    "a name of no characters": f"tma {signed(user=json.dumps({'id': 1, 'first_name': ''}))}",
    "an unknown field that is signed": f"tma {signed(tomorrow='x')}",
    "24 fields": "tma " + signed(**{f"f{number}": "" for number in range(21)}),
    "4096 bytes": "tma " + _of_length(4096),
    "the largest id": "tma " + signed(user='{"id":4503599627370495}'),
}


@pytest.mark.parametrize("variation", VALID_VARIATIONS)
async def test_variation_that_means_the_same_is_accepted(telegram: httpx2.AsyncClient, variation: str) -> None:
    assert await status_of(telegram, VALID_VARIATIONS[variation]) == 200


def _hash_of(query: str) -> str:
    return query.rpartition("hash=")[2]


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
    "hash changed": "tma " + flipped(MINIMAL, "hash"),
    "hash changed at its end": f"tma {MINIMAL[:-1]}{'0' if MINIMAL[-1] != '0' else '1'}",
    "hash twice": f"tma {MINIMAL}&hash={_hash_of(MINIMAL)}",
    "user changed": "tma " + MINIMAL.replace("42", "43"),
    "time changed": "tma " + MINIMAL.replace("1790000000", "1790000001"),
    "signature changed": "tma " + MINIMAL.replace("signature=W", "signature=X"),
    "signature dropped": "tma " + without(MINIMAL, "signature"),
    "a field added": f"tma {LEGACY}&start_param=x",
    "a blank field added": f"tma {LEGACY}&start_param=",
    "another bot": "tma " + init_data(fields_of("Ada", signed_at=SIGNED_AT), token=OTHER_TOKEN),
    "user twice": f"tma {LEGACY}&user=%7B%22id%22%3A1%7D",
    "time twice": f"tma {LEGACY}&auth_date=1790000001",
    "line feed in a value": "tma "
    + _signed_raw(
        f"auth_date={SIGNED_AT}\nchat_type=private\nuser={USER}",
        f"auth_date={SIGNED_AT}&chat_type=private%0Auser={quote(USER)}",
    ),
    "line feed in a name": "tma "
    + _signed_raw(f"a=b\nauth_date={SIGNED_AT}\nuser={USER}", f"a=b%0Aauth_date={SIGNED_AT}&user={quote(USER)}"),
    "line feed in a value that hides a field": "tma "
    + _signed_raw(
        f"auth_date={SIGNED_AT}\nchat_type=private\nquery_id=x\nuser={USER}",
        f"auth_date={SIGNED_AT}&chat_type=private%0Aquery_id=x&user={quote(USER)}",
    ),
    "line feed in a name that hides a field": "tma "
    + _signed_raw(
        f"a=b\naa=x\nauth_date={SIGNED_AT}\nuser={USER}", f"a%3Db%0Aaa=x&auth_date={SIGNED_AT}&user={quote(USER)}"
    ),
    "time missing": "tma " + init_data({"user": USER}, token=BOT_TOKEN),
    "time a fraction": f"tma {signed(auth_date=f'{SIGNED_AT}.5')}",
    "time in milliseconds": f"tma {signed(auth_date=f'{SIGNED_AT}000')}",
    "time a superscript": f"tma {signed(auth_date='²')}",
    "time in Arabic digits": f"tma {signed(auth_date='١٧٩٠٠٠٠٠٠٠')}",
    "time of thirty digits": f"tma {signed(auth_date='1' * 30)}",
    "time negative": f"tma {signed(auth_date=f'-{SIGNED_AT}')}",
    "from the future": f"tma {signed(auth_date=str(SIGNED_AT + 10 + 31))}",
    "expired": f"tma {signed(auth_date=str(SIGNED_AT + 10 - 86_401))}",
    "nobody": f"tma {VALID['no-user']}",
    "user blank": f"tma {signed(user='')}",
    "user null": f"tma {signed(user='null')}",
    "user a list": f"tma {signed(user='[]')}",
    "user broken": f"tma {signed(user='{')}",
    "user without an id": f"tma {signed(user='{}')}",
    "user with a negative id": "tma " + signed(user='{"id":-1}'),
    "user with an id too large": "tma " + signed(user='{"id":4503599627370496}'),
    "user nested three thousand deep": "tma " + signed(user="[" * 3000),
    "5 KB": "tma " + signed(start_param="x" * 5000),
    "500 fields": "tma " + "&".join(f"f{number}=" for number in range(500)) + f"&hash={'0' * 64}",
    "raw UTF-8": "tma " + unquote(VALID["unicode"]).encode().decode("latin-1"),
    "not percent-encoded, though signed": "tma "
    + _signed_raw(f"auth_date={SIGNED_AT}\nuser={USER}\nx=é", f"auth_date={SIGNED_AT}&user={quote(USER)}&x=é"),
    "broken UTF-8": "tma "
    + _signed_raw(f"auth_date={SIGNED_AT}\nuser={USER}\nx=\ufffd", f"auth_date={SIGNED_AT}&user={quote(USER)}&x=%FF"),
    "a field without a value": "tma "
    + _signed_raw(f"auth_date={SIGNED_AT}\nuser={USER}\nx=", f"auth_date={SIGNED_AT}&user={quote(USER)}&x"),
    "user twice, the second signed": "tma "
    + _signed_raw(f"auth_date={SIGNED_AT}\nuser={USER}", f"user=%7B%7D&auth_date={SIGNED_AT}&user={quote(USER)}"),
    "25 fields": "tma " + signed(**{f"f{number}": "" for number in range(22)}),
    "4097 bytes": "tma " + _of_length(4097),
    "unsigned, nested three thousand deep": "tma user=" + "[" * 3000 + f"&auth_date={SIGNED_AT}&hash={'0' * 64}",
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_attack_is_refused_with_401(telegram: httpx2.AsyncClient, attack: str) -> None:
    assert await status_of(telegram, ATTACKS[attack]) == 401


async def test_request_without_credentials_is_challenged(telegram: httpx2.AsyncClient) -> None:
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

    response = await telegram.get("/api/v1/users/me", headers={"Authorization": f"tma {signed(user=json.dumps(user))}"})

    assert response.json()["display_name"] == "Émilie du Châtelet"
    assert response.json()["locale"] == "fr-FR"


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ({"id": 7, "username": "ada"}, "ada"),
        ({"id": 7, "username": "a\x00da"}, "ada"),
        ({"id": 7, "first_name": "\x00"}, "Telegram 7"),
        ({"id": 7, "first_name": "x" * 300}, "x" * 200),
    ],
)
async def test_person_without_a_name_gets_one(telegram: httpx2.AsyncClient, user: object, name: str) -> None:
    response = await telegram.get("/api/v1/users/me", headers={"Authorization": f"tma {signed(user=json.dumps(user))}"})

    assert response.json()["display_name"] == name


async def test_failed_sign_ins_are_limited_per_address(settings: Settings, database: Database) -> None:
    strict = settings.model_copy(update={"rate_limit_sign_in": "3/hour"})

    async with open_client(create_app(strict, database=database)) as client:
        wrong = {"Authorization": "tma wrong"}
        statuses = [(await client.get("/api/v1/users/me", headers=wrong)).status_code for _ in range(5)]
        last = await client.get("/api/v1/users/me", headers=wrong)

    assert statuses == [401, 401, 401, 429, 429]
    assert last.json()["code"] == "too_many_requests"
    assert 1 <= int(last.headers["retry-after"]) <= 3600


async def test_requests_without_credentials_are_limited_per_address(settings: Settings, database: Database) -> None:
    strict = settings.model_copy(update={"rate_limit": "3/hour"})

    async with open_client(create_app(strict, database=database)) as client:
        statuses = [(await client.get("/api/v1/users/me")).status_code for _ in range(4)]

    assert statuses == [401, 401, 401, 429]


@pytest.mark.parametrize("token", [BOT_TOKEN, OTHER_TOKEN])
async def test_init_data_of_each_bot_is_accepted(settings: Settings, database: Database, token: str) -> None:
    tokens = [SecretStr(BOT_TOKEN), SecretStr(OTHER_TOKEN)]

    async with open_telegram(settings, database, telegram_bot_tokens=tokens) as client:
        credentials = init_data(fields_of("Ada", signed_at=SIGNED_AT), token=token)
        status = await status_of(client, f"tma {credentials}")

    assert status == 200


async def test_person_is_the_same_whichever_bot_it_comes_from(settings: Settings, database: Database) -> None:
    tokens = [SecretStr(BOT_TOKEN), SecretStr(OTHER_TOKEN)]
    credentials = [init_data(fields_of("Ada", signed_at=SIGNED_AT), token=token) for token in (BOT_TOKEN, OTHER_TOKEN)]

    async with open_telegram(settings, database, telegram_bot_tokens=tokens) as client:
        people = [
            await client.get("/api/v1/users/me", headers={"Authorization": f"tma {each}"}) for each in credentials
        ]

    assert people[0].json()["id"] == people[1].json()["id"]


async def test_old_token_of_a_bot_is_accepted_beside_the_new_one(settings: Settings, database: Database) -> None:
    new = SecretStr(BOT_TOKEN.partition(":")[0] + ":" + "new-fake-token-of-the-same-bot".ljust(35, "x"))

    async with open_telegram(settings, database, telegram_bot_tokens=[new, SecretStr(BOT_TOKEN)]) as client:
        status = await status_of(client, f"tma {MINIMAL}")

    assert status == 200


async def test_log_tells_which_bot_it_was(settings: Settings, database: Database, logs: list[EventDict]) -> None:
    tokens = [SecretStr(BOT_TOKEN), SecretStr(OTHER_TOKEN)]
    credentials = init_data(fields_of("Ada", signed_at=SIGNED_AT), token=OTHER_TOKEN)

    async with open_telegram(settings, database, telegram_bot_tokens=tokens) as client:
        await status_of(client, f"tma {credentials}")

    assert [line["bot"] for line in logs if line["event"] == "init data accepted"] == ["9876543210"]


async def test_init_data_is_for_the_exchange_only_when_it_is_not_accepted_directly(
    settings: Settings, database: Database
) -> None:
    async with open_telegram(settings, database, telegram_direct=False) as client:
        direct = await status_of(client, f"tma {MINIMAL}")
        exchanged = await client.post("/api/v1/auth/telegram", headers={"Authorization": f"tma {MINIMAL}"})
        with_token = await status_of(client, f"tma {exchanged.json()['access_token']}")

    assert (direct, exchanged.status_code, with_token) == (401, 200, 200)


async def test_credentials_expire_when_init_data_does(settings: Settings) -> None:
    given = settings.model_copy(update={"telegram_bot_tokens": [SecretStr(BOT_TOKEN)]})
    authenticator = TelegramAuthenticator(given, clock=lambda: NOW)

    principal = await authenticator.authenticate([f"tma {MINIMAL}"])

    assert principal.expires_at == SIGNED_AT + 86_400
