"""The guard of WebSockets, through a real socket."""

import asyncio
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator

import pytest
import uvicorn
from fastapi import APIRouter, Depends, FastAPI, WebSocket
from service_devkit.postgres.server import free_port
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from app.api.deps import authenticate
from app.auth.guard import CurrentPrincipal, operations_of
from app.auth.principal import Authenticator, Principal, SignInError, credentials_of
from app.auth.websocket import EXPIRED, PROTOCOL, until_expired
from app.core.rate_limit import RateLimiter
from app.core.settings import Settings
from app.db.database import Database
from app.main import create_app
from app.models.users import User

PAGE = "https://app.example.com"


class _Key(Authenticator):
    """A provider that knows one key; it opens for the seconds that stand behind it, or for ever."""

    schemes = ("Key",)

    async def authenticate(self, authorization: list[str]) -> Principal:
        key, _, seconds = credentials_of(authorization, "Key").partition(" ")
        if key != "visibly-fake":
            raise SignInError("forged")
        return Principal("test", "ada", expires_at=time.time() + float(seconds) if seconds else None)


async def _echo(socket: WebSocket, principal: CurrentPrincipal) -> None:
    await socket.accept(subprotocol=PROTOCOL)
    async with until_expired(socket, principal):
        while True:
            await socket.send_text(f"{principal.subject}: {await socket.receive_text()}")


@pytest.fixture
async def app(settings: Settings, database: Database) -> FastAPI:
    """The application with one WebSocket, included as routes are."""
    app = create_app(
        settings.model_copy(update={"cors_origins": [PAGE], "caller_known_seconds": 0}),
        database=database,
        authenticator=_Key(),
    )
    router = APIRouter()
    router.add_api_websocket_route("/echo", _echo)
    app.include_router(router, prefix="/sockets", dependencies=[Depends(authenticate)])
    return app


@pytest.fixture
async def address(app: FastAPI) -> AsyncIterator[str]:
    """The address of the WebSocket on a real server."""
    config = uvicorn.Config(app, port=free_port(), log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn shows it by this attribute only
        await asyncio.sleep(0.01)
    yield f"ws://127.0.0.1:{config.port}/sockets/echo"
    server.should_exit = True
    await serving


def _protocols(authorization: str) -> list[Subprotocol]:
    encoded = urlsafe_b64encode(authorization.encode()).decode().rstrip("=")
    return [Subprotocol(PROTOCOL), Subprotocol(f"auth.{encoded}")]


async def test_credentials_as_a_subprotocol_open_the_socket(address: str) -> None:
    async with connect(address, subprotocols=_protocols("Key visibly-fake"), origin=Origin(PAGE)) as socket:
        await socket.send("hello")

        assert await socket.recv() == "ada: hello"
        assert socket.subprotocol == "app.v1"


async def test_credentials_as_a_header_open_the_socket(address: str) -> None:
    headers = {"Authorization": "Key visibly-fake"}

    async with connect(address, additional_headers=headers, subprotocols=[Subprotocol(PROTOCOL)]) as socket:
        await socket.send("hello")

        assert await socket.recv() == "ada: hello"


@pytest.mark.parametrize(
    ("protocols", "challenge"),
    [
        ([Subprotocol(PROTOCOL)], 'Key realm="api"'),
        (_protocols("Key wrong"), 'Key realm="api", error="invalid_token"'),
        (_protocols("Other visibly-fake"), 'Key realm="api"'),
        (
            [*_protocols("Key visibly-fake"), *_protocols("Key visibly-fake")[1:]],
            'Key realm="api", error="invalid_token"',
        ),
        ([Subprotocol(PROTOCOL), Subprotocol("auth.A")], 'Key realm="api"'),
    ],
    ids=["none", "wrong", "another scheme", "twice", "not base64"],
)
async def test_missing_or_wrong_credentials_are_401_before_the_handshake(
    address: str, protocols: list[Subprotocol], challenge: str
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(address, subprotocols=protocols, origin=Origin(PAGE))

    response = refused.value.response
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == challenge
    assert json.loads(response.body or b"")["code"] == "not_authenticated"


async def test_page_of_another_origin_is_403_before_the_handshake(address: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(address, subprotocols=_protocols("Key visibly-fake"), origin=Origin("https://evil.example"))

    assert refused.value.response.status_code == 403
    assert json.loads(refused.value.response.body or b"")["code"] == "origin_refused"


async def test_blocked_person_opens_no_socket(address: str, session: AsyncSession) -> None:
    async with connect(address, subprotocols=_protocols("Key visibly-fake")):
        await session.execute(update(User).values(role="blocked"))

    with pytest.raises(InvalidStatus) as refused:
        await connect(address, subprotocols=_protocols("Key visibly-fake"))

    assert refused.value.response.status_code == 403


async def test_opening_counts_against_the_limit_of_the_caller(app: FastAPI, address: str, settings: Settings) -> None:
    app.state.rate_limiter = RateLimiter(requests="2/hour", failed_sign_ins=settings.rate_limit_sign_in)

    for _ in range(2):
        async with connect(address, subprotocols=_protocols("Key visibly-fake")):
            pass
    with pytest.raises(InvalidStatus) as refused:
        await connect(address, subprotocols=_protocols("Key visibly-fake"))

    assert refused.value.response.status_code == 429


async def test_socket_is_closed_when_its_credentials_expire(address: str) -> None:
    async with connect(address, subprotocols=_protocols("Key visibly-fake 0.2")) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == EXPIRED == 4401


def test_guarded_socket_counts_as_guarded(app: FastAPI) -> None:
    assert dict(operations_of(app.routes))["WEBSOCKET /sockets/echo"] is True
