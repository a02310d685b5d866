"""The document that is derived from the routes."""

import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.security import HTTPBearer

from app.api import openapi
from app.api.deps import authenticate


@pytest.fixture
def scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    """One way to sign in, whatever this service has."""
    monkeypatch.setattr(openapi, "SECURITY", [HTTPBearer(scheme_name="Token")])


async def _nothing() -> None:
    """Whatever a route does is not documented here."""


def _app() -> FastAPI:
    router = APIRouter(dependencies=[Depends(authenticate)])
    router.add_api_route("/hidden", _nothing, include_in_schema=False)
    router.add_api_route("/files/{path:path}", _nothing)
    app = FastAPI(openapi_url=None)
    app.include_router(router)
    app.add_api_route("/open", _nothing)
    return app


@pytest.mark.usefixtures("scheme")
def test_guarded_operations_say_how_to_sign_in_and_others_do_not() -> None:
    paths = openapi.document(_app())["paths"]

    assert isinstance(paths, dict)
    assert set(paths) == {"/files/{path}", "/open"}
    assert paths["/files/{path}"]["get"]["security"] == [{"Token": []}]
    assert "security" not in paths["/open"]["get"]


def test_service_that_nobody_signs_in_to_names_no_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openapi, "SECURITY", [])

    components = openapi.document(_app())["components"]

    assert isinstance(components, dict)
    assert "securitySchemes" not in components
