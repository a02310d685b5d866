"""Nobody gets in by default."""

import pytest
from fastapi import APIRouter, Depends, FastAPI, WebSocket
from starlette.applications import Starlette

from app.api.router import PUBLIC
from app.auth.guard import UnguardedRouteError, current_principal, operations_of, require_guards
from app.main import create_app


async def _open_route() -> None:
    """A route that nobody decided about."""


async def _open_socket(socket: WebSocket) -> None:
    """A WebSocket that nobody decided about."""


def _included(app: FastAPI) -> None:
    inner, outer = APIRouter(), APIRouter()
    inner.add_api_route("/deep", _open_route)
    outer.include_router(inner, prefix="/inner")
    app.include_router(outer, prefix="/outer")


def _direct(app: FastAPI) -> None:
    app.add_api_route("/direct", _open_route, methods=["POST"])


def _socket(app: FastAPI) -> None:
    app.add_api_websocket_route("/socket", _open_socket)


def _mounted(app: FastAPI) -> None:
    app.mount("/mounted", Starlette())


@pytest.mark.parametrize(
    ("add", "operation"),
    [
        (_included, "GET /outer/inner/deep"),
        (_direct, "POST /direct"),
        (_socket, "WEBSOCKET /socket"),
        (_mounted, "ANY /mounted"),
    ],
)
def test_route_that_nobody_decided_about_stops_the_start(add: object, operation: str) -> None:
    app = FastAPI(openapi_url=None)
    assert callable(add)
    add(app)

    with pytest.raises(UnguardedRouteError, match=f"neither guarded nor public: {operation}"):
        require_guards(app.routes, public=frozenset())


def test_public_operation_that_is_not_there_stops_the_start() -> None:
    with pytest.raises(UnguardedRouteError, match="not there: GET /gone"):
        require_guards([], public=frozenset({"GET /gone"}))


def test_route_that_needs_a_principal_is_accepted() -> None:
    app = FastAPI(openapi_url=None)
    app.add_api_route("/guarded", _open_route, dependencies=[Depends(current_principal)])

    require_guards(app.routes, public=frozenset())

    assert dict(operations_of(app.routes)) == {"GET /guarded": True}


def test_what_is_not_guarded_is_exactly_what_is_public() -> None:
    operations = dict(operations_of(create_app().routes))

    assert {name for name, guarded in operations.items() if not guarded} == PUBLIC
    assert {"GET /healthz", "GET /readyz", "GET /api/v1/health/healthz", "GET /api/v1/health/readyz"} <= PUBLIC
