"""Telegram and Clerk at once: the scheme of the `Authorization` header chooses."""

from collections.abc import AsyncIterator, Callable

import httpx2
import pytest

from app.auth.clerk import ClerkAuthenticator
from app.auth.schemes import BySchemeAuthenticator
from app.auth.telegram import TelegramAuthenticator
from app.core.settings import Settings
from app.db.database import Database
from app.main import create_app
from tests.auth.clerk_provider import serve_keys
from tests.plugins.client import open_client
from tests.plugins.sign_in_clerk import session_token
from tests.plugins.sign_in_telegram import fields_of, init_data

ME = "/api/v1/users/me"
BOTH = 'tma realm="api", Bearer realm="api"'


def _both(settings: Settings) -> BySchemeAuthenticator:
    return BySchemeAuthenticator(TelegramAuthenticator(settings), ClerkAuthenticator(settings))


@pytest.fixture
async def client(settings: Settings, database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a service with both."""
    async with open_client(create_app(settings, database=database, authenticator=_both(settings))) as client:
        yield client


def _telegram() -> str:
    return f"tma {init_data(fields_of('Ada'))}"


def _clerk() -> str:
    return f"Bearer {session_token()}"


async def test_each_scheme_signs_its_own_people_in(client: httpx2.AsyncClient) -> None:
    answers = [await client.get(ME, headers={"Authorization": make()}) for make in (_telegram, _clerk)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert len({answer.json()["id"] for answer in answers}) == 2


@pytest.mark.parametrize(("scheme", "make"), [("TMA", _telegram), ("bearer", _clerk)])
async def test_case_of_the_scheme_does_not_matter(
    client: httpx2.AsyncClient, scheme: str, make: Callable[[], str]
) -> None:
    response = await client.get(ME, headers={"Authorization": f"{scheme} {make().partition(' ')[2]}"})

    assert response.status_code == 200


@pytest.mark.parametrize("authorization", [None, "Basic dXNlcjpwYXNz", ""])
async def test_request_with_neither_gets_both_challenges(client: httpx2.AsyncClient, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}

    response = await client.get(ME, headers=headers)

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == BOTH


@pytest.mark.parametrize("scheme", ["tma", "Bearer"])
async def test_wrong_credentials_are_challenged_with_their_own_scheme(client: httpx2.AsyncClient, scheme: str) -> None:
    response = await client.get(ME, headers={"Authorization": f"{scheme.lower()} wrong"})

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == f'{scheme} realm="api", error="invalid_token"'


@pytest.mark.parametrize(("scheme", "make"), [("tma", _clerk), ("Bearer", _telegram)])
async def test_credentials_of_one_are_nothing_to_the_other(
    client: httpx2.AsyncClient, scheme: str, make: Callable[[], str]
) -> None:
    response = await client.get(ME, headers={"Authorization": f"{scheme} {make().partition(' ')[2]}"})

    assert response.status_code == 401


@pytest.mark.parametrize("makes", [(_telegram, _clerk), (_clerk, _telegram), (_clerk, _clerk)])
async def test_two_credentials_are_refused(client: httpx2.AsyncClient, makes: tuple[Callable[[], str], ...]) -> None:
    response = await client.get(ME, headers=[("Authorization", make()) for make in makes])

    assert response.status_code == 401


async def test_one_that_is_out_of_reach_leaves_the_other_alone(settings: Settings, database: Database) -> None:
    with serve_keys() as keys:
        keys.status = 500
        fetching = settings.model_copy(update={"clerk_jwt_key": None, "clerk_jwks_url": f"{keys.url}/keys"})
        async with open_client(create_app(fetching, database=database, authenticator=_both(fetching))) as client:
            statuses = [
                (await client.get(ME, headers={"Authorization": make()})).status_code for make in (_telegram, _clerk)
            ]

    assert statuses == [200, 503]


async def test_what_each_holds_on_to_is_there_while_the_service_runs(settings: Settings, database: Database) -> None:
    with serve_keys() as keys:
        fetching = settings.model_copy(update={"clerk_jwt_key": None, "clerk_jwks_url": f"{keys.url}/keys"})
        async with open_client(create_app(fetching, database=database, authenticator=_both(fetching))) as client:
            response = await client.get(ME, headers={"Authorization": _clerk()})

    assert response.status_code == 200
