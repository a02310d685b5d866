"""The cache of signing keys: what callers may cost the provider, and what an outage of it may cost callers."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from app.auth import jwks
from app.auth.jwks import BadKeySetError, JwksCache, KeysUnavailableError, fetch_document, rsa_keys
from tests.auth.clerk_provider import Clock, KeyServer, key_set, serve_keys
from tests.plugins.sign_in_clerk import KEY_ID, signing_key

HANGS: Final = 30.0


@pytest.fixture
def keys() -> Iterator[KeyServer]:
    """The provider. Each test has its own: a request that was given up may arrive after its test."""
    with serve_keys() as keys:
        yield keys


@pytest.fixture
def clock() -> Clock:
    """The cache's clock."""
    return Clock()


@pytest.fixture
async def cache(keys: KeyServer, clock: Clock) -> JwksCache:
    """A cache of the provider's keys that has fetched nothing."""
    return JwksCache(partial(fetch_document, f"{keys.url}/keys"), clock=clock)


async def _asked(keys: KeyServer, times: int) -> None:
    """Wait until the provider was asked so often."""
    async with asyncio.timeout(30):
        while keys.hits < times:  # noqa: ASYNC110 - the provider runs in a thread, which cannot set an event of this loop
            await asyncio.sleep(0.005)


async def _get_at_once(cache: JwksCache, kid: str) -> object:
    async with asyncio.timeout(10):
        return await cache.get(kid)


async def test_fifty_callers_at_once_cost_one_fetch(cache: JwksCache, keys: KeyServer) -> None:
    keys.delay = 0.05

    found = await asyncio.gather(*(cache.get(KEY_ID) for _ in range(50)))

    assert found == [signing_key().public_key()] * 50
    assert keys.hits == 1


async def test_thousand_forged_key_ids_cost_one_fetch_per_cooldown(
    cache: JwksCache, keys: KeyServer, clock: Clock
) -> None:
    async def forge() -> list[object]:
        return list(await asyncio.gather(*(cache.get(f"forged-{number}") for number in range(1000))))

    await cache.get(KEY_ID)
    assert await forge() == [None] * 1000
    assert keys.hits == 1

    for hits in (2, 3):
        clock.forward(10)
        assert await forge() == [None] * 1000
        assert await forge() == [None] * 1000
        assert keys.hits == hits


async def test_known_key_is_answered_at_once_while_a_fetch_hangs(
    cache: JwksCache, keys: KeyServer, clock: Clock
) -> None:
    await cache.get(KEY_ID)
    keys.delay = HANGS
    clock.forward(10)
    unknown = asyncio.create_task(cache.get("unknown"))
    await _asked(keys, 2)

    assert await _get_at_once(cache, KEY_ID) == signing_key().public_key()

    keys.released.set()
    assert await unknown is None


async def test_caller_that_gives_up_spoils_nothing_for_the_others(cache: JwksCache, keys: KeyServer) -> None:
    keys.delay = HANGS
    first, second = (asyncio.create_task(cache.get(KEY_ID)) for _ in range(2))
    await _asked(keys, 1)

    first.cancel()
    with suppress(asyncio.CancelledError):
        await first
    keys.released.set()

    assert await second == signing_key().public_key()
    assert await _get_at_once(cache, KEY_ID) == signing_key().public_key()
    assert keys.hits == 1


async def test_keys_are_fetched_again_after_five_minutes(cache: JwksCache, keys: KeyServer, clock: Clock) -> None:
    await cache.get(KEY_ID)

    clock.forward(299)
    await cache.get(KEY_ID)
    assert keys.hits == 1

    clock.forward(1)
    await cache.get(KEY_ID)
    assert keys.hits == 2


async def test_new_key_is_known_after_the_cooldown_and_the_old_one_unknown_with_the_next_fetch(
    cache: JwksCache, keys: KeyServer, clock: Clock
) -> None:
    new = signing_key("the next")
    await cache.get(KEY_ID)
    keys.body = key_set({"next": new})

    assert await cache.get("next") is None
    assert await cache.get(KEY_ID) == signing_key().public_key()

    clock.forward(10)
    assert await cache.get("next") == new.public_key()
    assert await cache.get(KEY_ID) is None


async def test_key_that_was_removed_is_unknown_after_five_minutes(
    cache: JwksCache, keys: KeyServer, clock: Clock
) -> None:
    await cache.get(KEY_ID)
    keys.body = key_set({"next": signing_key("the next")})

    clock.forward(300)

    assert await cache.get(KEY_ID) is None


OUTAGES: Final[dict[str, Mapping[str, object]]] = {
    "server error": {"status": 500},
    "not found": {"status": 404},
    "redirect": {"status": 302, "headers": {"Location": "/elsewhere"}},
    "garbage": {"body": b"<html>"},
    "not UTF-8": {"body": b"\xff\xfe\xff"},
    "nothing": {"body": b""},
    "another document": {"body": b'{"error": "soon"}'},
    "a list": {"body": b"[]"},
    "no keys": {"body": b'{"keys": []}'},
    "nested without end": {"body": b"[" * 100_000},
    "more than 256 KiB": {"body": b" " * 262_145 + key_set({KEY_ID: signing_key()})},
}


def _break(keys: KeyServer, outage: Mapping[str, object]) -> None:
    for name, value in outage.items():
        setattr(keys, name, value)


@pytest.mark.parametrize("outage", OUTAGES)
async def test_outage_leaves_what_is_known_in_force_for_an_hour(
    cache: JwksCache, keys: KeyServer, clock: Clock, outage: str
) -> None:
    await cache.get(KEY_ID)
    _break(keys, OUTAGES[outage])

    clock.forward(300)
    assert await cache.get(KEY_ID) == signing_key().public_key()
    clock.forward(3599)
    assert await cache.get(KEY_ID) == signing_key().public_key()

    clock.forward(1)
    with pytest.raises(KeysUnavailableError):
        await cache.get(KEY_ID)
    assert set(keys.asked) == {"/keys"}


@pytest.mark.parametrize("outage", OUTAGES)
async def test_outage_before_the_first_fetch_is_no_verdict(cache: JwksCache, keys: KeyServer, outage: str) -> None:
    _break(keys, OUTAGES[outage])

    with pytest.raises(KeysUnavailableError) as error:
        await cache.get(KEY_ID)

    assert error.value.retry_after == 10


async def test_unknown_key_is_no_verdict_during_an_outage(cache: JwksCache, keys: KeyServer, clock: Clock) -> None:
    await cache.get(KEY_ID)
    keys.status = 500
    clock.forward(10)

    for seconds, wait in ((0, 10), (4, 6), (5.5, 1)):
        clock.forward(seconds)
        with pytest.raises(KeysUnavailableError) as error:
            await cache.get("perhaps new")
        assert error.value.retry_after == wait

    assert keys.hits == 2


async def test_outage_that_lasts_keeps_nobody_waiting(cache: JwksCache, keys: KeyServer, clock: Clock) -> None:
    await cache.get(KEY_ID)
    keys.status = 500
    clock.forward(300)
    await cache.get(KEY_ID)

    keys.delay = HANGS
    clock.forward(10)

    assert await _get_at_once(cache, KEY_ID) == signing_key().public_key()
    await _asked(keys, 3)


async def test_end_of_an_outage_is_noticed(cache: JwksCache, keys: KeyServer, clock: Clock) -> None:
    keys.status = 500
    with pytest.raises(KeysUnavailableError):
        await cache.get(KEY_ID)

    keys.status = 200
    clock.forward(10)

    assert await cache.get(KEY_ID) == signing_key().public_key()
    clock.forward(10)
    assert await cache.get("unknown") is None


async def test_fetch_as_a_whole_is_limited_in_time(
    cache: JwksCache, keys: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwks, "FETCH_SECONDS", 0.05)
    keys.delay = HANGS

    async with asyncio.timeout(10):
        with pytest.raises(KeysUnavailableError):
            await cache.get(KEY_ID)


async def test_start_and_end_wait_for_nothing(cache: JwksCache, keys: KeyServer) -> None:
    keys.delay = HANGS

    async with asyncio.timeout(10):
        async with cache.running():
            await _asked(keys, 1)
        left = [task for task in asyncio.all_tasks() if "JwksCache" in repr(task)]
        await asyncio.wait([asyncio.create_task(asyncio.sleep(0)), *left])  # what was cancelled ends in its own turn

    assert [task for task in left if not task.done()] == []


async def test_keys_are_there_before_anybody_asks(cache: JwksCache, keys: KeyServer) -> None:
    async with cache.running():
        await _asked(keys, 1)

        assert await cache.get(KEY_ID) == signing_key().public_key()

    assert keys.hits == 1


def _rsa_entry(**changes: object) -> dict[str, object]:
    entry = RSAAlgorithm.to_jwk(signing_key().public_key(), as_dict=True)
    return {"kid": KEY_ID, "use": "sig", "alg": "RS256", **entry, **changes}


def _document(*entries: object) -> object:
    return json.loads(json.dumps({"keys": entries}))


SHORT_KEY: Final = rsa.generate_private_key(public_exponent=65_537, key_size=1024)  # noqa: S505 - refused, which is the point
UNUSABLE: Final = {
    "elliptic curve": ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key(), as_dict=True)
    | {"kid": "x"},
    "shared secret": {"kty": "oct", "k": "c2VjcmV0", "kid": "x", "alg": "RS256"},
    "for encryption": _rsa_entry(use="enc"),
    "for another algorithm": _rsa_entry(alg="RS512"),
    "without an id": _rsa_entry(kid=None),
    "with a number for an id": _rsa_entry(kid=1),
    "of 1024 bits": _rsa_entry(**RSAAlgorithm.to_jwk(SHORT_KEY.public_key(), as_dict=True)),
    "without a modulus": _rsa_entry(n=None),
    "with a number for a modulus": _rsa_entry(n=5),
    "with a broken modulus": _rsa_entry(n="!"),
    "with an even exponent": _rsa_entry(e="BA"),
    "a text": "key",
    "null": None,
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_unusable_key_is_left_out(name: str) -> None:
    assert list(rsa_keys(_document(UNUSABLE[name], _rsa_entry(kid="good")))) == ["good"]

    with pytest.raises(BadKeySetError):
        rsa_keys(_document(UNUSABLE[name]))


@pytest.mark.parametrize("left_out", ["use", "alg"])
def test_key_that_says_little_about_itself_is_usable(left_out: str) -> None:
    entry = {name: value for name, value in _rsa_entry().items() if name != left_out}

    assert rsa_keys(_document(entry)) == {KEY_ID: signing_key().public_key()}


def test_private_half_that_a_provider_shows_by_mistake_is_not_loaded() -> None:
    private = RSAAlgorithm.to_jwk(signing_key(), as_dict=True) | {"kid": KEY_ID}

    assert rsa_keys(_document(private)) == {KEY_ID: signing_key().public_key()}
