"""HEAD: what GET answers, without the content (RFC 9110 9.3.2)."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.responses import FileResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from app.api.routes import RouteTable
from app.auth.guard import operations_of
from app.core.middleware.head import HeadMiddleware
from app.core.settings import Settings
from app.db.database import Database
from app.main import create_app

ME = "/api/v1/users/me"
CHANGING = {"x-request-id", "date"}


async def _endless() -> StreamingResponse:
    async def pieces() -> AsyncIterator[str]:
        while True:
            yield "more"
            await asyncio.sleep(0)

    return StreamingResponse(pieces())


async def _file() -> FileResponse:
    return FileResponse(__file__)


async def _empty() -> Response:
    return Response()


@pytest.fixture
def app(settings: Settings, database: Database) -> FastAPI:
    """The application with its documentation, and routes whose answers are special."""
    app = create_app(settings.model_copy(update={"docs": True}), database=database)
    app.add_api_route("/endless", _endless)
    app.add_api_route("/file", _file)
    return app


def _headers(response: httpx2.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name not in CHANGING}


@pytest.mark.parametrize("signed_in", [True, False])
async def test_every_address_that_answers_get_answers_head_alike(
    app: FastAPI, client: httpx2.AsyncClient, signed_in: bool
) -> None:
    if not signed_in:
        client.headers.pop("authorization", None)
    paths = [name.removeprefix("GET ") for name, _ in operations_of(app.routes) if name.startswith("GET ")]
    paths = [path for path in [*paths, "/nowhere", "/docs/swagger-ui.css"] if path != "/endless"]
    assert len(paths) > 5

    for path in paths:
        got, head = await client.get(path), await client.head(path)

        assert head.status_code == got.status_code, path
        assert head.content == b""
        assert _headers(head) == _headers(got), path


async def test_head_is_logged_as_what_it_is(client: httpx2.AsyncClient, logs: list[dict[str, object]]) -> None:
    await client.head(f"{ME}?x=1")

    (line,) = [line for line in logs if line["event"] == "request"]
    assert (line["method"], line["route"], line["status"]) == ("HEAD", ME, 200)
    assert line["user_id"]


async def test_address_without_get_refuses_head_and_names_what_it_answers(
    app: FastAPI, anonymous: httpx2.AsyncClient
) -> None:
    app.add_api_route("/posted", _empty, methods=["POST"])
    app.state.route_table = RouteTable(app.routes)

    response = await anonymous.head("/posted")

    assert (response.status_code, response.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(("methods", "seen"), [({"GET"}, "GET"), ({"GET", "HEAD"}, "HEAD"), ({"POST"}, "GET")])
async def test_address_with_a_head_of_its_own_keeps_it(methods: set[str], seen: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Response(scope["method"], headers={"X-Method": scope["method"]})(scope, receive, send)

    transport = httpx2.ASGITransport(app=HeadMiddleware(app, methods_of=lambda _path: methods))
    async with httpx2.AsyncClient(transport=transport, base_url="http://service.test") as client:
        response = await client.head("/")

    assert response.headers["x-method"] == seen


async def test_stream_without_an_end_ends(anonymous: httpx2.AsyncClient) -> None:
    async with asyncio.timeout(30):
        response = await anonymous.head("/endless")

    assert (response.status_code, response.content) == (200, b"")
