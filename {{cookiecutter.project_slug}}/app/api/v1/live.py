"""Live updates for the caller: which of the objects that the caller may read have changed. What they hold now is for a request to ask."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.requests import HTTPConnection

from app.api.deps import get_current_user, get_database, limit_requests
from app.auth.guard import current_principal
from app.auth.principal import Principal
from app.auth.websocket import EXPIRED, PROTOCOL
from app.core.errors import Forbidden, TooManyRequests, Unavailable
from app.core.logging import get_logger
from app.core.permissions import Role, granted
from app.core.settings import Settings
from app.core.shutdown import shutdown
from app.core.websocket_protocol import CLOSE_SECONDS, ENDINGS
from app.live.hub import LEFT, POLICY, RESTART, TRY_LATER, Hub, Subscriber, read_role
from app.live.listener import Listener
from app.live.stream import LiveStream

log = get_logger(__name__)


class Live:
    """The hub and the listener of an application; made by the first connection."""

    def __init__(self, settings: Settings) -> None:
        self.hub = Hub(settings)
        self.listener = Listener(settings, on_text=self.hub.deliver, on_loss=self.end)

    def end(self) -> None:
        """End every connection: its client may have missed something, or the service restarts."""
        self.hub.end_all(RESTART)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    if hasattr(app.state, "live"):
        with suppress(ValueError):  # it was called
            ENDINGS.remove(app.state.live.end)
        await app.state.live.listener.close()


router = APIRouter(prefix="/live", tags=["live"], lifespan=_lifespan)


async def subscribe(connection: HTTPConnection) -> AsyncIterator[Subscriber]:
    """A subscription of the caller, for as long as the connection lasts.

    Raises:
        Forbidden: the caller has been blocked.
        TooManyRequests: the caller has too many connections.
        Unavailable: the process has too many, is about to stop, or gets no notifications.
    """
    principal, caller = await current_principal(connection), await get_current_user(connection)
    live = _live_of(connection)
    await live.listener.ready()
    with live.hub.subscribed(caller.id) as subscriber:
        if shutdown.draining:  # asked here, so that none is subscribed after the others have ended
            raise Unavailable(retry_after=1)
        # The caller that is remembered may be some seconds old. Read after the subscription, the role is the newest, or its change will be heard of.
        role = await read_role(get_database(connection).reader, user_id=caller.id)
        if role is Role.BLOCKED:
            raise Forbidden(code="blocked")
        subscriber.session = principal.session
        subscriber.permissions = granted(role, principal.permissions)
        with _ended_with_credentials(subscriber, principal):
            yield subscriber


@contextmanager
def _ended_with_credentials(subscriber: Subscriber, principal: Principal) -> Iterator[None]:
    if principal.expires_at is None:
        yield
        return
    timer = asyncio.get_running_loop().call_later(principal.expires_at - time.time(), subscriber.end, EXPIRED)
    try:
        yield
    finally:
        timer.cancel()


def _live_of(connection: HTTPConnection) -> Live:
    state = connection.app.state
    if not hasattr(state, "live"):
        state.live = Live(state.settings)
        ENDINGS.append(state.live.end)
    live: Live = state.live
    return live


Subscription = Annotated[Subscriber, Depends(subscribe)]


@router.websocket("")
async def live(socket: WebSocket, subscriber: Subscription) -> None:
    """Send each message until the client leaves, or the subscription ends."""
    await socket.accept(subprotocol=PROTOCOL if PROTOCOL in socket.scope["subprotocols"] else None)
    seconds = socket.app.state.settings.live_send_seconds
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_send(socket, subscriber, seconds=seconds)),
            group.create_task(_receive(socket, subscriber)),
        ]
        code = await subscriber.ended
        for task in tasks:
            task.cancel()
    log.info("live connection ended", user_id=str(subscriber.user_id), code=code)
    if code != LEFT:
        with suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await socket.close(code)


async def _send(socket: WebSocket, subscriber: Subscriber, *, seconds: float) -> None:
    try:
        async for message in subscriber:
            async with asyncio.timeout(seconds):
                await socket.send_text(message)
    except TimeoutError:
        subscriber.end(TRY_LATER)
    except WebSocketDisconnect:
        subscriber.end(LEFT)


async def _receive(socket: WebSocket, subscriber: Subscriber) -> None:
    """Nothing is expected of the client; what it sends all the same counts as requests."""
    try:
        while (await socket.receive())["type"] != "websocket.disconnect":
            await limit_requests(socket)
        subscriber.end(LEFT)
    except TooManyRequests:
        subscriber.end(POLICY)


# Not in the OpenAPI document, as the WebSocket is not: contracts/events.yaml says what either sends.
@router.get("", include_in_schema=False)
async def live_stream(request: Request, subscriber: Subscription) -> LiveStream:
    """Server-sent events, for callers that cannot use WebSockets: the same messages, limits and ends."""
    return LiveStream(subscriber, seconds=request.app.state.settings.live_send_seconds)
