"""How bytes become WebSocket messages: uvicorn's protocol, which says its end also to a client that does not read, and then hangs up.

Uvicorn waits until such a client reads before it sends anything, the end too, and closes without a limit of time.
"""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from app.core.http_protocol import LimitedHttpProtocol

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

MAX_MESSAGE: Final = 65_536
CLOSE_SECONDS: Final = 5.0
PING_EVERY: Final = 20.0
PING_PATIENCE: Final = 20.0  # until a ping counts as not answered
ENDINGS: Final[list[Callable[[], None]]] = []  # what ends the WebSockets and streams of this process


def serve_websockets(config: Config) -> None:
    """Let the server speak WebSockets, within the limits of this module."""
    config.http = UpgradingHttpProtocol
    config.ws = BoundedWebSocketProtocol
    config.ws_max_size = MAX_MESSAGE
    config.ws_ping_interval = PING_EVERY
    config.ws_ping_timeout = PING_PATIENCE
    config.ws_per_message_deflate = False  # messages are short, and a compressed one may be a bomb


class UpgradingHttpProtocol(LimitedHttpProtocol):
    """A connection on which a request may begin a WebSocket, or an answer without an end."""

    def _should_upgrade(self) -> bool:
        """A WebSocket begins with a GET without a body (RFC 6455 4.1), and not while an answer is still to come."""
        return (
            super()._should_upgrade()
            and (self.parser.get_method(), self.parser.get_http_version()) == (b"GET", "1.1")
            and not any(name in {b"content-length", b"transfer-encoding"} for name, _ in self.headers)
            and not self._is_answering()
        )

    def handle_websocket_upgrade(self) -> None:
        """The connection becomes a WebSocket, which has no request to wait for."""
        self._watch.cancel()
        super().handle_websocket_upgrade()

    def shutdown(self) -> None:
        """The server stops: what it would wait for without end gets one."""
        super().shutdown()
        while ENDINGS:
            ENDINGS.pop()()


class BoundedWebSocketProtocol(WebSocketsSansIOProtocol):
    """Every connection ends in `CLOSE_SECONDS`, whatever its client does or does not."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type] # as uvicorn's
        self.close_timeout = CLOSE_SECONDS
        self.logger = logging.getLogger("uvicorn.websockets")
        self.logger.setLevel(logging.WARNING)  # its lines about opened connections have addresses and query strings

    async def send(self, message: "ASGISendEvent") -> None:
        """Send; the end does not wait for what is before it."""
        if message["type"] == "websocket.close":
            self.writable.set()
        await super().send(message)

    def keepalive_timeout(self) -> None:
        """End the connection of a client that has not answered a ping, also where it does not read the end."""
        super().keepalive_timeout()
        self.loop.call_later(self.close_timeout, self.transport.abort)

    async def run_asgi(self) -> None:
        """Run the application for this connection."""
        try:
            await super().run_asgi()
        finally:
            self.loop.call_later(self.close_timeout, self.transport.abort)
