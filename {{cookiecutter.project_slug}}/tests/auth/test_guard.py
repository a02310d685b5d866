"""Nobody gets in by default."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from fastapi import APIRouter, Depends, FastAPI, WebSocket
from fastapi.sse import EventSourceResponse
from starlette.applications import Starlette

from app.api.resources import PUBLIC_OPERATIONS
from app.api.router import PUBLIC
from app.auth.guard import UnguardedRouteError, current_principal, operations_of, require_guards
from app.auth.principal import Authenticator, Principal, SignInError, credentials_of
from app.core.errors import Unavailable
from app.core.settings import Settings
from app.db.database import Database
from app.main import create_app
from tests.plugins.client import open_client


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


def _stream(app: FastAPI) -> None:
    async def without_end() -> EventSourceResponse:
        raise NotImplementedError

    app.add_api_route("/stream", without_end)


def _mounted(app: FastAPI) -> None:
    app.mount("/mounted", Starlette())


@pytest.mark.parametrize(
    ("add", "operation"),
    [
        (_included, "GET /outer/inner/deep"),
        (_direct, "POST /direct"),
        (_socket, "WEBSOCKET /socket"),
        (_stream, "STREAM /stream"),
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


def test_only_health_signing_in_and_signed_messages_are_public() -> None:
    operations = dict(operations_of(create_app().routes))

    assert {name for name, guarded in operations.items() if not guarded} == PUBLIC
    ours = PUBLIC - PUBLIC_OPERATIONS  # beside what the team has decided
    assert {name for name in ours if " /api/v1/auth/" not in name and " /api/v1/webhooks/" not in name} == {
        "GET /healthz", "GET /readyz", "GET /api/v1/health/healthz", "GET /api/v1/health/readyz"
    }  # fmt: skip


def test_operation_that_is_there_twice_stops_the_start() -> None:
    app = FastAPI(openapi_url=None)
    app.add_api_route("/twice", _open_route)
    app.add_api_route("/twice", _open_route, dependencies=[Depends(current_principal)])

    with pytest.raises(UnguardedRouteError, match="there twice: GET /twice"):
        require_guards(app.routes, public=frozenset())


class _Key(Authenticator):
    """A provider that knows one key, and one that it cannot decide about."""

    schemes = ("Key",)

    async def authenticate(self, authorization: list[str]) -> Principal:
        key = credentials_of(authorization, "Key")
        if key == "unknowable":
            raise Unavailable(retry_after=1)
        if key != "good":
            raise SignInError(key)
        return Principal("test", "ada")


ME = "/api/v1/users/me"
Ask = Callable[..., Awaitable[list[int]]]


@pytest.fixture
async def ask(settings: Settings, database: Database) -> AsyncIterator[Ask]:
    """`ask("good", times=3)`: the statuses of so many requests with a key, where an address may fail twice and ask four times a minute."""
    strict = settings.model_copy(update={"rate_limit_sign_in": "2/hour", "rate_limit": "4/hour"})
    async with open_client(create_app(strict, database=database, authenticator=_Key())) as client:

        async def ask(key: str, *, times: int) -> list[int]:
            headers = {"Authorization": f"Key {key}"} if key else {}
            return [(await client.get(ME, headers=headers)).status_code for _ in range(times)]

        yield ask


async def test_failures_of_an_address_are_limited_and_good_credentials_are_not(ask: Ask) -> None:
    assert await ask("forged", times=3) == [401, 401, 429]
    assert await ask("good", times=1) == [200]


@pytest.mark.parametrize("key", ["expired", "unknown_key", ""])
async def test_what_is_no_guess_counts_as_a_request(ask: Ask, key: str) -> None:
    assert await ask(key, times=5) == [401, 401, 401, 401, 429]


async def test_what_cannot_be_told_counts_as_a_request(ask: Ask) -> None:
    assert await ask("unknowable", times=5) == [503, 503, 503, 503, 429]
