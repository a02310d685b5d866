"""Init data is exchanged for an access token, once."""

import asyncio
import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.typing import EventDict

from app.core.settings import Settings
from app.db.database import Database
from app.main import create_app
from app.models.telegram import TelegramExchange
from app.models.users import User
from tests.auth.telegram_vectors import (
    BOT,
    MINIMAL,
    NOW,
    SIGNATURE_PROOF,
    SIGNED_AT,
    assert_refused,
    flipped,
    open_telegram,
    signed,
)
from tests.plugins.client import open_client
from tests.plugins.sign_in_telegram import fields_of, init_data

EXCHANGE = "/api/v1/auth/telegram"
ME = "/api/v1/users/me"


async def _exchange(client: httpx2.AsyncClient, credentials: str) -> httpx2.Response:
    return await client.post(EXCHANGE, headers={"Authorization": f"tma {credentials}"})


async def test_init_data_is_exchanged_for_a_token_that_signs_in(anonymous: httpx2.AsyncClient) -> None:
    answer = await _exchange(anonymous, init_data(fields_of("Ada")))

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {"access_token": answer.json()["access_token"], "token_type": "tma", "expires_in": 600}
    me = await anonymous.get(ME, headers={"Authorization": f"tma {answer.json()['access_token']}"})
    assert (me.status_code, me.json()["display_name"]) == (200, "Ada")


async def test_token_and_init_data_sign_in_the_same_person(anonymous: httpx2.AsyncClient) -> None:
    credentials = init_data(fields_of("Ada"))

    token = (await _exchange(anonymous, credentials)).json()["access_token"]

    with_token = await anonymous.get(ME, headers={"Authorization": f"tma {token}"})
    with_init_data = await anonymous.get(ME, headers={"Authorization": f"tma {credentials}"})
    assert with_token.json() == with_init_data.json()


async def test_language_is_known_after_the_exchange(anonymous: httpx2.AsyncClient) -> None:
    user = json.dumps({"id": 7, "first_name": "Émilie", "language_code": "fr"})

    answer = await _exchange(anonymous, init_data({"auth_date": str(int(time.time())), "user": user}))

    me = await anonymous.get(ME, headers={"Authorization": f"tma {answer.json()['access_token']}"})
    assert (me.json()["display_name"], me.json()["locale"]) == ("Émilie", "fr")


REPLAYS = {
    "as it was": MINIMAL,
    "fields in another order": "&".join(reversed(MINIMAL.split("&"))),
    "other percent-encoding": MINIMAL.replace("Ada", "%41da"),
    "another case of the percent-encoding": MINIMAL.replace("%7B", "%7b"),
}


@pytest.mark.parametrize("replay", REPLAYS)
async def test_init_data_is_taken_once_however_it_is_spelled(
    settings: Settings, database: Database, replay: str
) -> None:
    async with open_telegram(settings, database) as client:
        first = await _exchange(client, MINIMAL)
        second = await _exchange(client, REPLAYS[replay])

    assert first.status_code == 200
    assert_refused(second)


def _other_spelling(query: str) -> str:
    """The same signature: the last of its 86 characters has four bits that mean nothing."""
    signature = query.partition("signature=")[2].partition("&")[0]
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return query.replace(signature, signature[:-1] + last[last.index(signature[-1]) ^ 1])


SIGNATURE_REPLAYS = {
    "as it was": MINIMAL,
    "fields in another order": "&".join(reversed(MINIMAL.split("&"))),
    "another hash, which the signature does not cover": flipped(MINIMAL, "hash"),
    "another spelling of the signature": _other_spelling(MINIMAL),
}


@pytest.mark.parametrize("replay", SIGNATURE_REPLAYS)
async def test_init_data_with_a_signature_is_taken_once(settings: Settings, database: Database, replay: str) -> None:
    async with open_telegram(settings, database, proof=SIGNATURE_PROOF) as client:
        before = await client.get(ME, headers={"Authorization": f"tma {SIGNATURE_REPLAYS[replay]}"})
        first = await _exchange(client, MINIMAL)
        second = await _exchange(client, SIGNATURE_REPLAYS[replay])

    assert (before.status_code, first.status_code) == (200, 200)
    assert_refused(second)


async def test_other_init_data_of_the_same_person_is_taken(settings: Settings, database: Database) -> None:
    async with open_telegram(settings, database) as client:
        first = await _exchange(client, signed())
        second = await _exchange(client, signed(auth_date=str(SIGNED_AT + 1)))

    assert (first.status_code, second.status_code) == (200, 200)


async def test_of_twenty_exchanges_at_once_one_succeeds(settings: Settings, committing_database: Database) -> None:
    credentials = init_data(fields_of("Ada"))

    async with open_client(create_app(settings, database=committing_database)) as client:
        answers = await asyncio.gather(*[_exchange(client, credentials) for _ in range(20)])

    assert Counter(answer.status_code for answer in answers) == {200: 1, 401: 19}


@pytest.mark.parametrize(("age", "status"), [(300, 200), (301, 401), (-30, 200), (-31, 401)])
async def test_init_data_must_be_a_few_minutes_old_at_most(
    settings: Settings, database: Database, age: int, status: int
) -> None:
    async with open_telegram(settings, database) as client:
        answer = await _exchange(client, signed(auth_date=str(NOW - age)))

    assert answer.status_code == status


async def test_age_is_a_setting(settings: Settings, database: Database) -> None:
    async with open_telegram(settings, database, telegram_exchange_max_age=30) as client:
        old = await _exchange(client, signed(auth_date=str(NOW - 31)))
        young = await _exchange(client, signed(auth_date=str(NOW - 30)))

    assert (old.status_code, young.status_code) == (401, 200)


ATTACKS = {
    "nothing after the scheme": "tma",
    "another scheme": f"Bearer {MINIMAL}",
    "forged": f"tma {flipped(MINIMAL, 'hash')}",
    "nobody": "tma " + signed(user="null"),
    "line feed in a value": f"tma {MINIMAL}&chat_type=private%0Ax=y",
    "not ASCII": "tma ééé",
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_attack_on_the_exchange_is_refused(settings: Settings, database: Database, attack: str) -> None:
    async with open_telegram(settings, database) as client:
        answer = await client.post(EXCHANGE, headers={b"Authorization": ATTACKS[attack].encode("latin-1")})

    assert_refused(answer)


async def test_exchange_without_credentials_is_refused(anonymous: httpx2.AsyncClient) -> None:
    answer = await anonymous.post(EXCHANGE)

    assert_refused(answer)
    assert answer.headers["www-authenticate"] == 'tma realm="api"'


async def test_two_credentials_are_refused(settings: Settings, database: Database) -> None:
    headers = [("Authorization", f"tma {MINIMAL}"), ("Authorization", f"tma {MINIMAL}")]

    async with open_telegram(settings, database) as client:
        answer = await client.post(EXCHANGE, headers=headers)

    assert_refused(answer)


async def test_access_token_is_not_exchanged_again(anonymous: httpx2.AsyncClient) -> None:
    token = (await _exchange(anonymous, init_data(fields_of("Ada")))).json()["access_token"]

    assert_refused(await _exchange(anonymous, token))


async def test_refused_exchange_does_not_use_the_init_data_up(settings: Settings, database: Database) -> None:
    async with open_telegram(settings, database) as client:
        forged = await _exchange(client, flipped(MINIMAL, "hash"))
        right = await _exchange(client, MINIMAL)

    assert (forged.status_code, right.status_code) == (401, 200)


async def test_failed_exchanges_count_as_failed_sign_ins(settings: Settings, database: Database) -> None:
    strict = settings.model_copy(update={"rate_limit_sign_in": "3/hour"})
    credentials = init_data(fields_of("Ada"))

    async with open_client(create_app(strict, database=database)) as client:
        exchanged = [(await _exchange(client, credentials)).status_code for _ in range(5)]
        elsewhere = await client.get(ME, headers={"Authorization": "tma wrong=1"})

    assert exchanged == [200, 401, 401, 401, 429]
    assert elsewhere.status_code == 429


async def test_exchanges_count_as_requests_of_the_caller(settings: Settings, database: Database) -> None:
    async with open_telegram(settings, database, rate_limit="2/hour") as client:
        statuses = [(await _exchange(client, signed(query_id=str(number)))).status_code for number in range(3)]
        other = await _exchange(client, signed(user='{"id":43}'))

    assert statuses == [200, 200, 429]
    assert other.status_code == 200


async def test_blocked_person_gets_no_token_and_keeps_the_init_data(
    settings: Settings, database: Database, session: AsyncSession
) -> None:
    blocked = User(auth_provider="telegram", auth_subject="42", display_name="Ada", provider_name="Ada", role="blocked")
    session.add(blocked)

    async with open_telegram(settings, database) as client:
        answer = await _exchange(client, MINIMAL)

    assert (answer.status_code, answer.json()["code"]) == (403, "blocked")
    assert (await session.scalars(select(TelegramExchange))).all() == []


async def test_note_of_an_exchange_is_kept_until_the_init_data_is_too_old(
    settings: Settings, database: Database, session: AsyncSession
) -> None:
    async with open_telegram(settings, database, telegram_exchange_max_age=3600) as client:
        await _exchange(client, MINIMAL)

    note = (await session.scalars(select(TelegramExchange))).one()
    kept = note.expires_at - datetime.now(UTC)
    assert timedelta(seconds=3630) < kept <= timedelta(seconds=3900)


async def test_expired_notes_are_forgotten_a_few_at_a_time(
    settings: Settings, database: Database, session: AsyncSession
) -> None:
    now = datetime.now(UTC)
    expired = [TelegramExchange(digest=bytes([n]), expires_at=now - timedelta(hours=n + 1)) for n in range(12)]
    session.add_all([*expired, TelegramExchange(digest=b"alive", expires_at=now + timedelta(hours=1))])

    async with open_telegram(settings, database) as client:
        await _exchange(client, MINIMAL)

    digests = (await session.scalars(select(TelegramExchange.digest).order_by(TelegramExchange.expires_at))).all()
    assert digests[:2] == [bytes([1]), bytes([0])]
    assert b"alive" in digests
    assert len(digests) == 4


async def test_note_holds_nothing_that_signs_in(settings: Settings, database: Database, session: AsyncSession) -> None:
    async with open_telegram(settings, database) as client:
        await _exchange(client, MINIMAL)

    note = (await session.scalars(select(TelegramExchange))).one()
    assert note.digest.hex() not in MINIMAL
    assert len(note.digest) == 32


async def test_log_tells_which_bot_was_exchanged_for(
    settings: Settings, database: Database, logs: list[EventDict]
) -> None:
    async with open_telegram(settings, database) as client:
        await _exchange(client, MINIMAL)

    assert [line["bot"] for line in logs if line["event"] == "init data exchanged"] == [BOT]
