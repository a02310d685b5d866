"""A public list as docs/redis.md has it: computed once, asked about again with its tag."""

import httpx2
import pytest
from fastapi import FastAPI, Request, Response

from app.api.etags import public_answer
from app.cache.cache import Cache
from app.cache.entries import Kind
from app.core.settings import Settings
from app.db.database import Database
from app.main import create_app
from tests.plugins.client import BASE_URL, open_client

NAMES = Kind("names", list[str], seconds=60, stale=600)


@pytest.fixture
def app(settings: Settings, database: Database) -> FastAPI:
    """An application with a public list, which counts how often it is computed."""
    app = create_app(settings, database=database)
    app.state.computed = 0

    async def compute() -> list[str]:
        app.state.computed += 1
        return ["Ada", "Bea"]

    async def list_names(request: Request) -> Response:
        cache: Cache = request.app.state.cache
        names = await cache.get(NAMES, caller=None, language=None, compute=compute)
        return public_answer(request, NAMES.adapter.dump_json(names), seconds=60, vary="Accept-Language")

    app.add_api_route("/names", list_names, methods=["GET"], response_model=None)
    return app


async def test_public_list_is_computed_once_and_sent_once(app: FastAPI) -> None:
    async with open_client(app):
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL) as client:
            first = await client.get("/names")
            again = await client.get("/names", headers={"If-None-Match": first.headers["etag"]})

    assert (first.status_code, first.json()) == (200, ["Ada", "Bea"])
    assert first.headers["cache-control"] == "public, max-age=60"
    assert "Accept-Language" in first.headers["vary"]
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert app.state.computed == 1


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ([], 200),
        (["*"], 304),
        (['W/"{tag}"'], 304),
        (['"another", "{tag}"'], 304),
        (['"another"', '"{tag}"'], 304),
        (['"another"'], 200),
        (["{tag}"], 200),
        (['"a,{tag}"'], 200),
    ],
)
def test_client_that_has_the_answer_is_not_sent_it_again(asked: list[str], status: int) -> None:
    tag = public_answer(Request({"type": "http", "headers": []}), b"[]", seconds=1).headers["etag"].strip('"')
    headers = [(b"if-none-match", value.replace("{tag}", tag).encode()) for value in asked]

    assert public_answer(Request({"type": "http", "headers": headers}), b"[]", seconds=1).status_code == status
