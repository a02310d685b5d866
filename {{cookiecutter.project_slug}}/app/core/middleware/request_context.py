"""The request id, and one line in the log for each request."""

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import lru_cache, partial
from random import getrandbits
from types import MappingProxyType

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.logging import get_logger
from app.core.shutdown import shutdown

REQUEST_ID_HEADER = "X-Request-ID"
_HEADER = REQUEST_ID_HEADER.lower().encode()
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_CLOSING = {b"connection": b"close"}
_MAX_PATH = 200
_MAX_CLIENTS = 4096  # whose pseudonyms are remembered: a keyed hash for each request would be expensive

log = get_logger(__name__)
# What is known of the request under way, `locale` of the caller for one; empty outside of requests.
request_state: ContextVar[Mapping[str, object]] = ContextVar("request_state", default=MappingProxyType({}))


class RequestContextMiddleware:
    """Give each request an id, on every log line and on the response, and write its access line.

    A caller's own `X-Request-ID` is kept when it is 1-64 letters, digits, dots, dashes or underscores, and replaced otherwise. The access line
    names the route's template, not the address, and has no query string; only an address that no route matches is logged. The client is a pseudonym.
    """

    def __init__(self, app: ASGIApp, *, route_of: Callable[[Scope], str | None], pseudonym_key: bytes) -> None:
        self.app = app
        self.route_of = route_of
        self.pseudonym_of = lru_cache(_MAX_CLIENTS)(partial(_pseudonym, pseudonym_key))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one HTTP request; other kinds of connection pass through."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        status: int | None = None

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                ours = {_HEADER: request_id.encode()} | (_CLOSING if shutdown.draining else {})
                message["headers"] = [*(one for one in message["headers"] if one[0] not in ours), *ours.items()]
            await send(message)

        started = time.perf_counter()
        bound = structlog.contextvars.bind_contextvars(request_id=request_id)
        token = request_state.set(scope["state"])
        try:
            await self.app(scope, receive, send_with_id)
        finally:
            self._log(scope, status, time.perf_counter() - started)
            structlog.contextvars.reset_contextvars(**bound)
            request_state.reset(token)

    def _log(self, scope: Scope, status: int | None, seconds: float) -> None:
        route, client = self.route_of(scope), scope.get("client")
        cause = {"cause": scope["state"]["cause"]} if "cause" in scope["state"] else {}
        where = {"route": route} if route else {"route": None, "path": scope["path"][:_MAX_PATH]}
        log.info(
            "request",
            method=scope["method"],
            **where,
            status=status,
            duration_ms=round(seconds * 1000, 2),
            client=self.pseudonym_of(client[0]) if client else None,
            user_id=scope["state"].get("user_id"),
            **cause,
        )


def _request_id(scope: Scope) -> str:
    sent = next((value for name, value in scope["headers"] if name == _HEADER), b"")
    return sent.decode() if _REQUEST_ID.fullmatch(sent) else f"{getrandbits(128):032x}"


def _pseudonym(key: bytes, address: str) -> str:
    return hmac.digest(key, address.encode(), hashlib.sha256).hex()[:16]
