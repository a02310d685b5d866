"""Which route answers, where the addresses of two fit."""

from collections.abc import Sequence

import httpx2
import pytest
from fastapi import APIRouter, FastAPI

from app.api.routes import in_order


def _routers(tables: Sequence[Sequence[str]]) -> list[APIRouter]:
    """Routers whose routes answer with their own path."""
    routers = []
    for paths in tables:
        router = APIRouter()
        for path in paths:
            router.add_api_route(path, lambda path=path: path, methods=["GET"])
        routers.append(router)
    return routers


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
    app = FastAPI()
    for _, router in in_order(_routers(tables)):
        app.include_router(router)

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test") as client:
        response = await client.get(asked)

    assert response.json() == answered
