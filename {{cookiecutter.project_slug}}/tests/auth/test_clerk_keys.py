"""Clerk's keys as the service uses them: out of reach means 503, never 401, because a 401 signs people out."""

import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx2
import pytest
import structlog

from app.auth.clerk import ClerkAuthenticator
from app.core.settings import Settings
from app.db.database import Database
from app.main import create_app
from tests.auth.clerk_provider import Clock, KeyServer, key_set, serve_keys
from tests.plugins.client import open_client
from tests.plugins.sign_in_clerk import claims_of, header_of, session_token, signing_key

ME = "/api/v1/users/me"
Open = Callable[[], AbstractAsyncContextManager[httpx2.AsyncClient]]


@pytest.fixture
def keys() -> Iterator[KeyServer]:
    """The provider. Each test has its own: a request that was given up may arrive after its test."""
    with serve_keys() as keys:
        yield keys


@pytest.fixture
def clock() -> Clock:
    """The clock by which keys grow old."""
    return Clock()


@pytest.fixture
def service(settings: Settings, database: Database, keys: KeyServer, clock: Clock) -> Open:
    """Starts a service that fetches keys."""

    @asynccontextmanager
    async def start() -> AsyncIterator[httpx2.AsyncClient]:
        url = f"{keys.url}/keys"
        changes = {"clerk_jwt_key": None, "clerk_jwks_url": url, "caller_known_seconds": 0}
        fetching = settings.model_copy(update=changes)
        authenticator = ClerkAuthenticator(fetching, clock=clock)
        async with open_client(create_app(fetching, database=database, authenticator=authenticator)) as client:
            yield client

    return start


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:9"),
        ("HTTP_PROXY", "gopher://127.0.0.1:9"),
        ("https_proxy", "http://visibly:fa/ke@127.0.0.1:9"),
        ("SSL_CERT_FILE", "/nowhere/ca.pem"),
    ],
)
async def test_network_settings_of_the_machine_end_no_start(
    service: Open, monkeypatch: pytest.MonkeyPatch, logs: list[structlog.typing.EventDict], name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    async with service() as client:
        _assert_unavailable(await client.get(ME, headers=_signed_in()))

    causes = [line["cause"] for line in logs if line["event"] == "signing keys could not be fetched"]
    assert len(causes) == 1
    assert causes[0].startswith(f"no client can be made with {name}")


async def test_proxy_out_of_reach_is_an_outage(service: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    async with service() as client:
        _assert_unavailable(await client.get(ME, headers=_signed_in()))


def _signed_in(token: str | None = None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token or session_token()}"}


def _assert_unavailable(response: httpx2.Response) -> None:
    assert response.status_code == 503
    assert response.json()["code"] == "unavailable"
    assert 1 <= int(response.headers["retry-after"]) <= 10
    assert "www-authenticate" not in response.headers


async def test_service_starts_while_clerk_is_out_of_reach_and_says_so(service: Open, keys: KeyServer) -> None:
    keys.status = 500

    async with service() as client:
        health = await client.get("/healthz")
        first = await client.get(ME, headers=_signed_in())
        second = await client.get(ME, headers=_signed_in())

    assert health.status_code == 200
    _assert_unavailable(first)
    _assert_unavailable(second)
    assert keys.hits == 1


@pytest.mark.parametrize(
    "header", [{"alg": "none"}, {"alg": "HS256"}, {"typ": "at+jwt"}, {"crit": ["exp"]}, {"kid": ""}, {}]
)
async def test_token_that_no_key_could_save_is_401_even_while_clerk_is_out_of_reach(
    service: Open, keys: KeyServer, header: dict[str, object]
) -> None:
    keys.status = 500
    fields = {"alg": "RS256", **header_of(), **header}
    head = json.dumps(fields).encode() if header else b"no JSON"
    token = f"{urlsafe_b64encode(head).decode().rstrip('=')}.{session_token().partition('.')[2]}"

    async with service() as client:
        response = await client.get(ME, headers=_signed_in(token))

    assert response.status_code == 401


async def test_outage_is_bridged_for_an_hour(service: Open, keys: KeyServer, clock: Clock) -> None:
    async with service() as client:
        before = await client.get(ME, headers=_signed_in())
        keys.status = 500
        clock.forward(3899)
        during = await client.get(ME, headers=_signed_in())
        clock.forward(1)
        beyond = await client.get(ME, headers=_signed_in())

    assert (before.status_code, during.status_code) == (200, 200)
    _assert_unavailable(beyond)


async def test_expired_token_is_refused_during_an_outage(service: Open, keys: KeyServer, clock: Clock) -> None:
    async with service() as client:
        await client.get(ME, headers=_signed_in())
        keys.status = 500
        clock.forward(300)
        response = await client.get(ME, headers=_signed_in(session_token(claims_of(exp=1))))

    assert response.status_code == 401


async def test_rotation_needs_no_restart(service: Open, keys: KeyServer, clock: Clock) -> None:
    new = signing_key("the next")
    rotated = _signed_in(session_token(key=new, kid="next"))
    async with service() as client:
        before = await client.get(ME, headers=_signed_in())
        keys.body = key_set({"next": new})
        clock.forward(10)
        after = await client.get(ME, headers=rotated)
        old = await client.get(ME, headers=_signed_in())

    assert (before.status_code, after.status_code, old.status_code) == (200, 200, 401)


async def test_bad_signatures_under_the_known_key_cost_no_fetch(service: Open, keys: KeyServer, clock: Clock) -> None:
    forged = session_token(key=signing_key("the attacker's"))
    async with service() as client:
        await client.get(ME, headers=_signed_in())
        clock.forward(60)
        statuses = {(await client.get(ME, headers=_signed_in(forged))).status_code for _ in range(10)}

    assert statuses == {401}
    assert keys.hits == 1


async def test_keys_stand_at_the_address_of_the_issuer(settings: Settings, database: Database, keys: KeyServer) -> None:
    local = settings.model_copy(update={"clerk_jwt_key": None, "clerk_issuer": keys.url})
    authenticator = ClerkAuthenticator(local)

    async with open_client(create_app(local, database=database, authenticator=authenticator)) as client:
        response = await client.get(ME, headers=_signed_in(session_token(claims_of(iss=keys.url))))

    assert response.status_code == 200
    assert keys.asked == ["/.well-known/jwks.json"]


async def test_given_key_needs_no_fetch(settings: Settings, database: Database, keys: KeyServer) -> None:
    given = settings.model_copy(update={"clerk_jwks_url": f"{keys.url}/keys"})
    authenticator = ClerkAuthenticator(given)

    async with open_client(create_app(given, database=database, authenticator=authenticator)) as client:
        response = await client.get(ME, headers=_signed_in())

    assert response.status_code == 200
    assert keys.hits == 0
