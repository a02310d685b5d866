"""Init data that is proven by Telegram's Ed25519 signature, for which the service needs no token of a bot."""

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import quote, urlencode

import httpx2
import pytest

from app.auth.telegram_init_data import PUBLIC_KEYS, SignatureProof, public_key, signed_text
from app.core.settings import Settings
from app.db.database import Database
from tests.auth.telegram_vectors import (
    BOT,
    MINIMAL,
    NOW,
    SIGNATURE_PROOF,
    SIGNED_AT,
    SIGNING_KEY,
    USER,
    VALID,
    flipped,
    open_telegram,
    status_of,
    without,
)

UNSIGNED: Final = ["legacy-without-signature", "no-user"]
OTHER_BOT: Final = "9876543210"


def _base64url(signature: bytes) -> str:
    return urlsafe_b64encode(signature).decode().rstrip("=")


def _signature_of(query: str) -> str:
    return query.partition("signature=")[2].partition("&")[0]


def _signed(*, bot: str = BOT, **fields: str) -> str:
    """Init data as Telegram would sign it, if the key of the vectors were Telegram's."""
    fields = {"auth_date": str(SIGNED_AT), "user": USER} | fields
    signature = SIGNING_KEY.sign(signed_text(fields, bot).encode())
    return urlencode({**fields, "signature": _base64url(signature), "hash": "0" * 64})


def _signed_raw(lines: str, query: str) -> str:
    """A query whose signature is right for lines that it does not plainly spell."""
    signature = SIGNING_KEY.sign(f"{BOT}:WebAppData\n{lines}".encode())
    return f"{query}&signature={_base64url(signature)}"


def _asking_for_signatures(settings: Settings, environment: str) -> Settings:
    asked = {"telegram_verify": "signature", "telegram_bot_ids": [BOT], "telegram_environment": environment}
    return settings.model_copy(update=asked)


@pytest.fixture
async def telegram(settings: Settings, database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a service that asks for signatures, of the key pair of the vectors."""
    async with open_telegram(settings, database, proof=SIGNATURE_PROOF) as client:
        yield client


@pytest.mark.parametrize("name", [name for name in VALID if name not in UNSIGNED])
async def test_what_telegram_signs_is_accepted(telegram: httpx2.AsyncClient, name: str) -> None:
    assert await status_of(telegram, f"tma {VALID[name]}") == 200


VARIATIONS: Final = {
    "fields in another order": "&".join(reversed(MINIMAL.split("&"))),
    "other percent-encoding": MINIMAL.replace("Ada", "%41da"),
    "another hash, which the signature does not cover": flipped(MINIMAL, "hash"),
    "no hash": without(MINIMAL, "hash"),
    "at the end of its life": _signed(auth_date=str(NOW - 86_400)),
    "a clock that is 30 seconds ahead": _signed(auth_date=str(NOW + 30)),
}


@pytest.mark.parametrize("variation", VARIATIONS)
async def test_variation_that_means_the_same_is_accepted(telegram: httpx2.AsyncClient, variation: str) -> None:
    assert await status_of(telegram, f"tma {VARIATIONS[variation]}") == 200


ATTACKS: Final = {
    "signature missing, though the hash is right": VALID["legacy-without-signature"],
    "signature blank": MINIMAL.replace(_signature_of(MINIMAL), ""),
    "signature too short": MINIMAL.replace(_signature_of(MINIMAL), _signature_of(MINIMAL)[:-1]),
    "signature too long": MINIMAL.replace(_signature_of(MINIMAL), _signature_of(MINIMAL) + "A"),
    "signature padded": MINIMAL.replace(_signature_of(MINIMAL), _signature_of(MINIMAL) + "%3D%3D"),
    "signature in plain base64": MINIMAL.replace(_signature_of(MINIMAL), "%2B" + _signature_of(MINIMAL)[1:]),
    "signature not base64": MINIMAL.replace(_signature_of(MINIMAL), "!" * 86),
    "signature not ASCII": MINIMAL.replace(_signature_of(MINIMAL), "%C3%A9" * 86),
    "signature with a line feed": MINIMAL.replace(_signature_of(MINIMAL), f"{_signature_of(MINIMAL)}%0A"),
    "signature changed": flipped(MINIMAL, "signature"),
    "signature of zeros": MINIMAL.replace(_signature_of(MINIMAL), "A" * 86),
    "signature twice": f"{MINIMAL}&signature={_signature_of(MINIMAL)}",
    "user changed": MINIMAL.replace("42", "43"),
    "time changed": MINIMAL.replace("1790000000", "1790000001"),
    "a field added": f"{MINIMAL}&start_param=x",
    "a blank field added": f"{MINIMAL}&start_param=",
    "another bot": _signed(bot=OTHER_BOT),
    "line feed in a value": _signed_raw(
        f"auth_date={SIGNED_AT}\nchat_type=private\nquery_id=x\nuser={USER}",
        f"auth_date={SIGNED_AT}&chat_type=private%0Aquery_id=x&user={quote(USER)}",
    ),
    "line feed in a name": _signed_raw(
        f"a=b\naa=x\nauth_date={SIGNED_AT}\nuser={USER}", f"a%3Db%0Aaa=x&auth_date={SIGNED_AT}&user={quote(USER)}"
    ),
    "from the future": _signed(auth_date=str(NOW + 31)),
    "expired": _signed(auth_date=str(NOW - 86_401)),
    "nobody": VALID["no-user"],
    "user null": _signed(user="null"),
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_attack_is_refused_with_401(telegram: httpx2.AsyncClient, attack: str) -> None:
    assert await status_of(telegram, f"tma {ATTACKS[attack]}") == 401


@pytest.mark.parametrize("environment", ["production", "test"])
async def test_signature_of_another_key_than_telegrams_is_refused(
    settings: Settings, database: Database, environment: str
) -> None:
    asking = _asking_for_signatures(settings, environment)

    async with open_telegram(asking, database) as client:
        status = await status_of(client, f"tma {MINIMAL}")

    assert status == 401


@pytest.mark.parametrize(("environment", "status"), [("production", 401), ("test", 200)])
async def test_each_environment_of_telegram_has_its_own_key(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, environment: str, status: int
) -> None:
    monkeypatch.setitem(PUBLIC_KEYS, "test", SIGNING_KEY.public_key().public_bytes_raw().hex())
    asking = _asking_for_signatures(settings, environment)

    async with open_telegram(asking, database) as client:
        answered = await status_of(client, f"tma {MINIMAL}")

    assert answered == status


def test_keys_are_those_that_telegram_has_published() -> None:
    """https://core.telegram.org/bots/webapps#validating-data-for-third-party-use"""
    published = {name: public_key(name).public_bytes_raw().hex() for name in ("production", "test")}

    assert published == {
        "production": "e7bf03a2fa4602af4580703d88dda5bb59f32ed8b02a56c187fe7d34caed242d",
        "test": "40055058a4ee38156a06562e52eece92a771bcd8346a8c4615cb7376eddf72ec",
    }


@pytest.mark.parametrize("bot", [BOT, OTHER_BOT])
async def test_signature_for_each_bot_is_accepted(settings: Settings, database: Database, bot: str) -> None:
    proof = SignatureProof([BOT, OTHER_BOT], SIGNING_KEY.public_key())

    async with open_telegram(settings, database, proof=proof) as client:
        status = await status_of(client, f"tma {_signed(bot=bot)}")

    assert status == 200


async def test_bots_are_those_of_the_tokens_when_no_numbers_are_given(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PUBLIC_KEYS, "production", SIGNING_KEY.public_key().public_bytes_raw().hex())

    async with open_telegram(settings, database, telegram_verify="signature") as client:
        status = await status_of(client, f"tma {MINIMAL}")

    assert status == 200


async def test_signature_is_no_proof_where_a_hash_is_asked_for(settings: Settings, database: Database) -> None:
    async with open_telegram(settings, database) as client:
        status = await status_of(client, f"tma {_signed()}")

    assert status == 401
