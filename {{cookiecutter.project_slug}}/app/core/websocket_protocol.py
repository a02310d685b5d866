"""How bytes become WebSocket messages: uvicorn's protocol, which says its end also to a client that does not read, and then hangs up.

Uvicorn waits until such a client reads before it sends anything, the end too, and closes without a limit of time.
"""

import logging
from typing import TYPE_CHECKING, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

MAX_MESSAGE: Final = 65_536
CLOSE_SECONDS: Final = 5.0
PING_EVERY: Final = 20.0
PING_PATIENCE: Final = 20.0  # until a ping counts as not answered


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
