"""The caller's own profile."""

import asyncio
from collections.abc import Callable

import httpx2
import pytest
from service_devkit.fixtures.queries import QueryBudget
from sqlalchemy import func, select

from app.auth.principal import Authenticator, Principal, credentials_of
from app.core.settings import Settings
from app.db.database import Database
from app.main import create_app
from app.models.users import User
from tests.plugins.client import open_client

SignIn = Callable[[str], dict[str, str]]


async def test_profile_is_made_at_first_sight(client: httpx2.AsyncClient) -> None:
    first = await client.get("/api/v1/users/me")
    second = await client.get("/api/v1/users/me")

    assert first.status_code == 200
    assert first.json()["locale"] == "en"
    assert second.json() == first.json()


async def test_ten_first_requests_at_once_make_one_person(
    settings: Settings, committing_database: Database, sign_in: SignIn
) -> None:
    headers = sign_in("Ada")

    async with open_client(create_app(settings, database=committing_database)) as client:
        responses = await asyncio.gather(*(client.get("/api/v1/users/me", headers=headers) for _ in range(10)))

    assert [response.status_code for response in responses] == [200] * 10
    assert len({response.json()["id"] for response in responses}) == 1
    async with committing_database.session() as session:
        assert await session.scalar(select(func.count()).select_from(User)) == 1


async def test_known_caller_is_not_looked_up_again(client: httpx2.AsyncClient, query_budget: QueryBudget) -> None:
    await client.get("/api/v1/users/me")

    with query_budget(1) as statements:
        await client.get("/api/v1/users/me")

    assert "auth_subject" not in statements.sent[0][0]


async def test_caller_is_looked_up_again_when_nothing_is_remembered(
    settings: Settings, database: Database, sign_in: SignIn, query_budget: QueryBudget
) -> None:
    forgetful = create_app(settings.model_copy(update={"caller_known_seconds": 0}), database=database)
    async with open_client(forgetful) as client:
        await client.get("/api/v1/users/me", headers=sign_in("Ada"))

        with query_budget(2) as statements:
            await client.get("/api/v1/users/me", headers=sign_in("Ada"))

    assert "auth_subject" in statements.sent[0][0]


class _Named(Authenticator):
    """A provider that calls everybody by the name in the header."""

    schemes = ("Name",)

    async def authenticate(self, authorization: list[str]) -> Principal:
        return Principal("test", "1", display_name=credentials_of(authorization, "Name"))


async def test_new_name_at_the_provider_is_written_once(
    settings: Settings, database: Database, query_budget: QueryBudget
) -> None:
    new = {"Authorization": "Name Grace"}
    async with open_client(create_app(settings, database=database, authenticator=_Named())) as client:
        await client.get("/api/v1/users/me", headers={"Authorization": "Name Ada"})
        renamed = await client.get("/api/v1/users/me", headers=new)

        with query_budget(1):
            again = await client.get("/api/v1/users/me", headers=new)

    assert (renamed.json()["display_name"], again.json()["display_name"]) == ("Grace", "Grace")


async def test_name_and_language_can_be_changed(client: httpx2.AsyncClient) -> None:
    changed = await client.patch("/api/v1/users/me", json={"display_name": "  Émilie  ", "locale": "fr"})
    read = await client.get("/api/v1/users/me")

    assert changed.status_code == 200
    assert changed.json()["display_name"] == "Émilie"
    assert changed.json()["locale"] == "fr"
    assert changed.json()["updated_at"] > changed.json()["created_at"]
    assert read.json() == changed.json()


async def test_what_is_left_out_stays(client: httpx2.AsyncClient) -> None:
    before = await client.patch("/api/v1/users/me", json={"display_name": "Ada"})

    after = await client.patch("/api/v1/users/me", json={"locale": "fr"})

    assert before.json()["display_name"] == "Ada"
    assert after.json()["display_name"] == "Ada"


async def test_empty_change_changes_nothing(client: httpx2.AsyncClient) -> None:
    before = await client.get("/api/v1/users/me")

    after = await client.patch("/api/v1/users/me", json={})

    assert after.status_code == 200
    assert after.json() == before.json()


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"display_name": None}, "/display_name", "string_type"),
        ({"display_name": ""}, "/display_name", "string_too_short"),
        ({"display_name": "   "}, "/display_name", "string_too_short"),
        ({"display_name": "x" * 201}, "/display_name", "string_too_long"),
        ({"display_name": "a\x00b"}, "/display_name", "string_pattern_mismatch"),
        ({"display_name": "a\nb"}, "/display_name", "string_pattern_mismatch"),
        ({"locale": "no language"}, "/locale", "string_pattern_mismatch"),
        ({"locale": None}, "/locale", "string_type"),
        ({"id": "00000000-0000-0000-0000-000000000000"}, "/id", "extra_forbidden"),
        ({"auth_subject": "1"}, "/auth_subject", "extra_forbidden"),
        ({"role": "admin"}, "/role", "extra_forbidden"),
    ],
)
async def test_change_that_does_not_fit_is_refused(
    client: httpx2.AsyncClient, change: dict[str, object], pointer: str, code: str
) -> None:
    response = await client.patch("/api/v1/users/me", json=change)

    assert response.status_code == 422
    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [(pointer, code)]
