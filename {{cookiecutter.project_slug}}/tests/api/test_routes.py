"""Which route answers, where the addresses of two fit."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx2
import pytest
from fastapi import APIRouter, FastAPI

from app.api.deps import authenticate
from app.api.errors import add_error_handlers
from app.api.router import ROUTER
from app.api.routes import RouteTable, in_order
from app.core.errors import Forbidden
from app.core.settings import Settings
from app.db.database import Database
from app.main import create_app
from tests.plugins.client import new_client, open_client


def _routers(tables: Sequence[Sequence[str]]) -> list[APIRouter]:
    """Routers whose routes answer with their own path."""
    routers = []
    for paths in tables:
        router = APIRouter()
        for path in paths:
            router.add_api_route(path, lambda path=path: path, methods=["GET"])
        routers.append(router)
    return routers


async def _ask(routers: Sequence[APIRouter], method: str, path: str) -> httpx2.Response:
    app = FastAPI()
    for _, router in in_order(routers):
        app.include_router(router)
    app.state.route_table = RouteTable(app.routes)
    add_error_handlers(app)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test") as client:
        return await client.request(method, path)


@pytest.mark.parametrize(
    ("tables", "asked", "answered"),
    [
        ([["/items/{id}", "/items/newest"]], "/items/newest", "/items/newest"),
        ([["/items/{id}"], ["/items/newest"]], "/items/newest", "/items/newest"),
        ([["/items/{id}"], ["/items/newest"]], "/items/7", "/items/{id}"),
        ([["/items/{id}", "/items/report"], ["/items/newest"]], "/items/report", "/items/report"),
        ([["/items/{id}/{part}"], ["/items/{id}/newest"]], "/items/7/newest", "/items/{id}/newest"),
        ([["/items/{id}/parts"], ["/items/all/parts"]], "/items/all/parts", "/items/all/parts"),
        ([["/{a}/{b}", "/items/{b}", "/items/x"]], "/items/x", "/items/x"),
        ([["/items/{id}"], ["/items/{name}"]], "/items/7", "/items/{id}"),
    ],
)
async def test_address_that_is_written_out_comes_before_a_parameter(
    tables: Sequence[Sequence[str]], asked: str, answered: str
) -> None:
    response = await _ask(_routers(tables), "GET", asked)

    assert response.json() == answered


@pytest.mark.parametrize("written_first", [True, False])
@pytest.mark.parametrize(
    ("method", "path", "answered"),
    [
        ("POST", "/items/report", 200),
        ("PUT", "/items/report", 200),
        ("GET", "/items/report", 405),
        ("DELETE", "/items/report", 405),
        ("DELETE", "/items/7", 200),
        ("POST", "/items/7", 405),
    ],
)
async def test_method_that_a_written_address_lacks_is_not_asked_of_a_parameter(
    written_first: bool, method: str, path: str, answered: int
) -> None:
    written, other, parameter = APIRouter(), APIRouter(), APIRouter()
    written.add_api_route("/items/report", lambda: "written", methods=["POST"])
    other.add_api_route("/items/report", lambda: "written", methods=["PUT"])
    parameter.add_api_route("/items/{id}", lambda: "parameter", methods=["GET", "DELETE"])
    routers = [written, other, parameter] if written_first else [parameter, written, other]

    response = await _ask(routers, method, path)

    assert response.status_code == answered
    if answered == 405:
        assert response.headers["allow"] == ("POST, PUT" if path == "/items/report" else "DELETE, GET, HEAD")


async def test_dependency_is_replaced_in_one_application_and_in_none_after_it(settings: Settings) -> None:
    async def refuse() -> None:
        raise Forbidden

    app = create_app(settings)
    app.dependency_overrides[authenticate] = refuse
    async with new_client(app) as client:
        replaced = await client.get("/api/v1/users/me")

    following = create_app(settings)

    assert replaced.status_code == 403
    assert following.dependency_overrides == {}


async def test_lifespan_of_a_router_is_that_of_the_application(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        heard.append("began")
        yield
        heard.append("ended")

    monkeypatch.setattr(ROUTER, "lifespan_context", lifespan)
    async with open_client(create_app(settings, database=database)):
        heard.append("asked")

    assert heard == ["began", "asked", "ended"]
