"""The guard of WebSockets. Browsers cannot set their headers, so credentials come as a subprotocol.

    new WebSocket(url, ["app.v1", "auth." + base64url(scheme + " " + credentials)])

The second protocol is the value of an `Authorization` header in unpadded base64url (RFC 4648 5), and only the first is ever accepted aloud:
`await socket.accept(subprotocol=PROTOCOL)`. A query string would do too, but it ends up in the logs of every proxy.
"""

import asyncio
import binascii
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import time

from fastapi import WebSocket
from fastapi.requests import HTTPConnection

from app.auth.principal import Principal
from app.core.errors import Forbidden
from app.core.i18n import gettext as _
from app.core.settings import Settings

PROTOCOL = "app.v1"
EXPIRED = 4401  # 4000-4999 are for applications (RFC 6455 7.4.2)
_PREFIX = "auth."


@asynccontextmanager
async def until_expired(socket: WebSocket, principal: Principal) -> AsyncIterator[None]:
    """Close the socket with 4401 when the credentials that opened it expire."""
    seconds = None if principal.expires_at is None else principal.expires_at - time()
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        await socket.close(EXPIRED)


def offered_credentials(connection: HTTPConnection) -> list[str]:
    """The `Authorization` values among the subprotocols of a WebSocket; what cannot be read is left for the guard to refuse.

    Raises:
        Forbidden: its page is not among CORS_ORIGINS, to which browsers do not hold WebSockets. Clients that are no browsers send no origin.
    """
    if connection.scope["type"] != "websocket":
        return []
    settings: Settings = connection.app.state.settings
    origin = connection.headers.get("origin")
    if origin is not None and origin not in settings.cors_origins:
        raise Forbidden(_("This origin may not connect."), code="origin_refused")
    offered = [item for item in connection.scope["subprotocols"] if item.startswith(_PREFIX)]
    return [_decoded(item.removeprefix(_PREFIX)) for item in offered]


def _decoded(text: str) -> str:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("latin-1")
    except (binascii.Error, ValueError):
        return ""
