"""Live updates, on a real server in this process and with real commits."""

import asyncio
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI
from service_devkit.contract.values import Node
from service_devkit.fixtures.events import check_event
from service_devkit.postgres.server import free_port
from sqlalchemy import update
from structlog.typing import EventDict
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from app.auth.principal import Authenticator, Principal
from app.auth.websocket import PROTOCOL
from app.core.permissions import Permission, Role
from app.core.rate_limit import RateLimiter
from app.core.settings import Settings
from app.db.database import Database
from app.db.notify import SESSION_ENDED, Notification, notify
from app.live.hub import Hub
from app.main import create_app
from app.models.users import User
from app.services import users

SignIn = Callable[[str], dict[str, str]]
ME: Final = "/api/v1/users/me"
ADA: Final = UUID(int=1)
SOMETHING: Final = UUID(int=7)


@pytest.fixture
def settings(settings: Settings, fresh_database_url: str) -> Settings:
    """Of an application that hears what its own database notifies of."""
    changed = {
        "database_url": fresh_database_url,
        "live_queue": 3,
        "live_connections": 4,
        "live_connections_per_caller": 2,
    }
    return Settings.model_validate(settings.model_dump() | changed)


@pytest.fixture
def app(settings: Settings, committing_database: Database) -> FastAPI:
    """The application on real connections."""
    return create_app(settings, database=committing_database)


@pytest.fixture
async def address(app: FastAPI) -> AsyncIterator[str]:
    """The address of the server, without its scheme."""
    server = uvicorn.Server(uvicorn.Config(app, port=free_port(), log_config=None))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn shows it by this attribute only
        await asyncio.sleep(0.01)
    yield f"127.0.0.1:{server.config.port}"
    server.should_exit = True
    await serving


def live(address: str, headers: Mapping[str, str]) -> connect:
    """A live connection with these credentials, as a browser opens it."""
    encoded = urlsafe_b64encode(headers["Authorization"].encode()).decode().rstrip("=")
    protocols = [Subprotocol(PROTOCOL), Subprotocol(f"auth.{encoded}")]
    return connect(f"ws://{address}/api/v1/live", subprotocols=protocols)


async def message_of(socket: ClientConnection) -> Node:
    """The next message."""
    async with asyncio.timeout(30):
        message: Node = json.loads(await socket.recv())
    check_event(message)
    return message


async def rename(address: str, headers: Mapping[str, str], name: str) -> UUID:
    """Change the caller's own profile; the caller's id."""
    async with httpx2.AsyncClient(base_url=f"http://{address}", headers=headers) as client:
        response = await client.patch(ME, json={"display_name": name})
    assert response.status_code == 200, response.text
    return UUID(response.json()["id"])


async def status_of(refused: connect) -> int:
    """The status by which a connection is refused before it is one."""
    with pytest.raises(InvalidStatus) as refusal:
        await refused
    return refusal.value.response.status_code


async def code_of(socket: ClientConnection) -> int:
    """The code by which the server ends a connection."""
    async with asyncio.timeout(30):
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd
    return closed.value.rcvd.code


async def test_change_reaches_each_connection_of_its_owner_and_nobody_else(address: str, sign_in: SignIn) -> None:
    ada, bob = sign_in("Ada"), sign_in("Bob")

    async with live(address, ada) as one, live(address, ada) as other, live(address, bob) as foreign:
        ada_id, bob_id = await rename(address, ada, "Countess"), await rename(address, bob, "Robert")
        messages = [await message_of(socket) for socket in (one, other, foreign)]

    assert messages == [{"type": "user.updated", "id": str(user_id)} for user_id in (ada_id, ada_id, bob_id)]
    assert one.subprotocol == "app.v1"


@asynccontextmanager
async def stream(address: str, headers: Mapping[str, str]) -> AsyncIterator[AsyncIterator[str]]:
    """The lines of the same as server-sent events, after the first comment."""
    async with (
        httpx2.AsyncClient(base_url=f"http://{address}", headers=headers, timeout=10) as client,
        client.stream("GET", "/api/v1/live") as answer,
    ):
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert (answer.headers["cache-control"], answer.headers["x-accel-buffering"]) == ("no-store", "no")
        lines = (line async for line in answer.aiter_lines() if line)
        assert await anext(lines) == ": ping"
        yield lines


async def test_stream_tells_the_same_as_the_socket(address: str, sign_in: SignIn) -> None:
    async with stream(address, sign_in("Ada")) as lines, live(address, sign_in("Ada")) as socket:
        await rename(address, sign_in("Bob"), "Robert")
        await rename(address, sign_in("Ada"), "Countess")

        message = await message_of(socket)
        assert json.loads((await anext(lines)).removeprefix("data: ")) == message


async def test_silent_stream_is_kept_alive(address: str, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.live.stream.KEEP_ALIVE_SECONDS", 0.05)

    async with stream(address, sign_in("Ada")) as lines:
        assert [await anext(lines) for _ in range(2)] == [": ping"] * 2
        await rename(address, sign_in("Ada"), "Countess")
        async with asyncio.timeout(30):
            while not (await anext(lines)).startswith("data: "):
                """The message is not lost between two comments."""


@pytest.mark.parametrize("code", [1012, 1013, 4401, 4403])
async def test_stream_says_why_it_ends(app: FastAPI, address: str, sign_in: SignIn, code: int) -> None:
    async with stream(address, sign_in("Ada")) as lines:
        app.state.live.hub.end_all(code)

        assert [line async for line in lines] == ["event: end", f"data: {code}"]


async def test_head_of_the_stream_and_clients_who_leave_hold_no_place(
    app: FastAPI, address: str, sign_in: SignIn
) -> None:
    async with stream(address, sign_in("Ada")), live(address, sign_in("Ada")):
        with pytest.raises(AssertionError, match="429"):
            async with stream(address, sign_in("Ada")):
                """One too many of either kind."""

    async with httpx2.AsyncClient(base_url=f"http://{address}", headers=sign_in("Bob")) as client:
        assert (await client.head("/api/v1/live")).status_code == 200
    async with asyncio.timeout(30):
        while len(app.state.live.hub):  # noqa: ASYNC110 - the server notices it a moment later
            await asyncio.sleep(0.01)


async def test_nothing_is_heard_of_what_was_rolled_back(
    address: str, sign_in: SignIn, committing_database: Database
) -> None:
    ada = sign_in("Ada")
    ada_id = await rename(address, ada, "Ada")

    async with live(address, ada) as socket:
        with pytest.raises(ZeroDivisionError):
            async with committing_database.session() as session:
                await notify(session, Notification("user.updated", SOMETHING, ada_id))
                raise ZeroDivisionError
        await rename(address, ada, "Countess")

        assert (await message_of(socket))["id"] == str(ada_id)


async def test_connection_ends_when_its_caller_is_blocked(
    address: str, sign_in: SignIn, committing_database: Database
) -> None:
    ada_id = await rename(address, sign_in("Ada"), "Ada")

    async with live(address, sign_in("Ada")) as socket, live(address, sign_in("Bob")) as other:
        async with committing_database.session() as session:
            ada = await session.get_one(User, ada_id)
            known = {"auth_provider": ada.auth_provider, "auth_subject": ada.auth_subject}
            await users.set_role(session, **known, role=Role.BLOCKED)

        assert await code_of(socket) == 4403
        await rename(address, sign_in("Bob"), "Robert")
        assert (await message_of(other))["type"] == "user.updated"


async def test_person_who_was_blocked_a_moment_ago_opens_no_connection(
    address: str, sign_in: SignIn, committing_database: Database
) -> None:
    await rename(address, sign_in("Ada"), "Ada")  # known from here on
    async with committing_database.session() as session:
        await session.execute(update(User).values(role=Role.BLOCKED))

    assert await status_of(live(address, sign_in("Ada"))) == 403


async def test_connections_of_a_person_and_of_the_process_are_limited(address: str, sign_in: SignIn) -> None:
    async with live(address, sign_in("Ada")), live(address, sign_in("Ada")):
        assert await status_of(live(address, sign_in("Ada"))) == 429

        async with live(address, sign_in("Bob")), live(address, sign_in("Bob")):
            assert await status_of(live(address, sign_in("Carol"))) == 503

    async with live(address, sign_in("Ada")):
        """The places are free again."""


async def test_what_a_client_sends_counts_as_requests(app: FastAPI, address: str, sign_in: SignIn) -> None:
    app.state.rate_limiter = RateLimiter(requests="3/hour", failed_sign_ins="3/hour")

    async with live(address, sign_in("Ada")) as socket:  # the first
        for _ in range(3):
            await socket.send("anybody there?")

        assert await code_of(socket) == 1008


async def test_slow_reader_is_closed_while_others_go_on(app: FastAPI, address: str, sign_in: SignIn) -> None:
    ada_id, bob_id = await rename(address, sign_in("Ada"), "Ada"), await rename(address, sign_in("Bob"), "Robert")

    async with live(address, sign_in("Ada")) as slow, live(address, sign_in("Bob")) as other:
        for owner_id in [ada_id] * 4 + [bob_id]:  # one more than may wait
            app.state.live.hub.deliver(Notification("user.updated", SOMETHING, owner_id).text())

        assert await code_of(slow) == 1013
        assert await message_of(other) == {"type": "user.updated", "id": str(SOMETHING)}


async def test_listener_that_fails_ends_connections_and_begins_again(
    address: str, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.live.listener.CHECK_EVERY", 0.05)

    async with live(address, sign_in("Ada")) as socket:
        with monkeypatch.context() as fault:
            fault.setattr("app.live.listener.CHECK_TIMEOUT", "no number")
            assert await code_of(socket) == 1012

    async with live(address, sign_in("Ada")) as socket:
        ada_id = await rename(address, sign_in("Ada"), "Countess")
        assert (await message_of(socket))["id"] == str(ada_id)


class _Expiring(Authenticator):
    schemes = ("Key",)

    async def authenticate(self, authorization: list[str]) -> Principal:
        del authorization
        return Principal("test", "ada", expires_at=time.time() + 0.3)


async def test_connection_ends_with_the_credentials(app: FastAPI, address: str, sign_in: SignIn) -> None:
    app.state.authenticator = _Expiring()

    async with live(address, sign_in("Ada")) as socket:
        assert await code_of(socket) == 4401


async def test_sign_out_ends_the_connections_of_its_session_only(settings: Settings) -> None:
    hub = Hub(settings)

    with hub.subscribed(ADA) as here, hub.subscribed(ADA) as elsewhere:
        here.session, elsewhere.session = str(SOMETHING), str(ADA)
        hub.deliver(Notification(SESSION_ENDED, SOMETHING, ADA).text())

        assert (await here.ended, elsewhere.ended.done()) == (4401, False)


async def test_everybody_hears_of_what_has_no_owner_but_not_without_the_permission(settings: Settings) -> None:
    hub = Hub(settings)

    with hub.subscribed(ADA) as may, hub.subscribed(SOMETHING) as may_not:
        may.permissions = frozenset({Permission.PROFILE_READ})
        hub.deliver(Notification("user.updated", SOMETHING, None, Permission.PROFILE_READ).text())
        hub.deliver(Notification("user.updated", ADA, None).text())
        heard = [json.loads(await anext(aiter(each)))["id"] for each in (may, may_not)]

    assert heard == [str(SOMETHING), str(ADA)]


@pytest.mark.parametrize("text", ["", "hello", "{}", '{"type": "made", "id": "7", "owner_id": null}', "[" * 4000])
async def test_what_others_write_into_the_channel_is_passed_over(
    settings: Settings, logs: list[EventDict], text: str
) -> None:
    hub = Hub(settings)

    with hub.subscribed(ADA) as subscriber:
        hub.deliver(text)

        assert not subscriber.ended.done()
    assert [line["event"] for line in logs] == ["notification not understood"]
