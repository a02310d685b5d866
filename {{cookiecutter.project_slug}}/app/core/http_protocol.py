"""How bytes become requests: uvicorn's parser, with a limit on the head of a request and an answer in its place for whatever arrives.

Uvicorn limits the head only with its slower parser; with the faster one, a single connection could fill the memory with headers.
"""

import asyncio
import resource
from functools import cache
from typing import Final, Literal, cast

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from app.core.i18n import Text
from app.core.logging import get_logger
from app.core.middleware.security_headers import DEFAULTS
from app.core.problems import problem
from app.core.settings import get_settings

log = get_logger(__name__)

RESERVED_FILES: Final = 32  # the log, the listening sockets, modules while they are imported
MAX_HEAD: Final = 16_384
REFUSALS: Final = {
    400: ("malformed_request", Text("This could not be read as HTTP/1.1.")),
    408: ("request_timeout", Text("The request did not arrive in time.")),
    503: ("too_many_connections", Text("Too many connections are open. Try again in a moment.")),
    431: ("headers_too_large", Text(f"Line and headers may have at most {MAX_HEAD} bytes.")),
}


@cache
def max_connections() -> int:
    """`MAX_CONNECTIONS`, or what the limit on open files leaves: without files, the service could not even reach its database."""
    settings = get_settings()
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    left = files - RESERVED_FILES - settings.db_pool_size - settings.db_pool_overflow
    return max(1, min(settings.max_connections, left))


class RefusingHttpProtocol(HttpToolsProtocol):
    """Refuse with an error document, which goes out after the answers to what came before."""

    _reading: Literal["head", "body"] | None = "head"
    _refusal = b""

    def on_message_begin(self) -> None:
        """A request begins."""
        self._reading = "head"
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """All headers are there; the body may follow."""
        self._reading = "body"
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request has arrived."""
        self._reading = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """An answer is out; a refusal goes out after the last one."""
        was_last = not self.pipeline
        super().on_response_complete()
        if self._reading:  # the next one has begun: it is late, not idle
            self._unset_keepalive_if_required()
        if was_last and self._refusal:
            self._hang_up()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's signature
        """Refuse the request and hang up."""
        self._refuse(400)

    def _is_answering(self) -> bool:
        cycle = cast("RequestResponseCycle | None", self.cycle)  # which is None before the first request
        return cycle is not None and not cycle.response_complete

    def _refuse(self, status: int) -> None:
        """Answer what is being read, in its turn, and hang up. Where its own answer has begun already, only hang up."""
        if self._refusal:
            return
        code, detail = REFUSALS[status]
        response = problem({}, status=status, code=code, detail=detail, headers={**DEFAULTS, "Connection": "close"})
        headers = [b"%b: %b\r\n" % header for header in [*self.server_state.default_headers, *response.raw_headers]]
        self._refusal = b"".join([STATUS_LINE[status], *headers, b"\r\n", response.body])
        if self._reading == "body" and self.pipeline:
            self.pipeline.popleft()  # the newest, which is the one being read; others are before it
        elif self._reading == "body" and self.cycle.response_started:
            self.transport.close()
        elif self._reading == "body" or not self._is_answering():
            self._hang_up()

    def _hang_up(self) -> None:
        self.transport.write(self._refusal)
        self.transport.close()


class PlainHttpProtocol(RefusingHttpProtocol):
    """Ignore an offer of another protocol that is not taken (RFC 9110 7.8), and refuse with 400 what is no HTTP."""

    _too_large = False

    def on_headers_complete(self) -> None:
        """Behind a head with an offer the parser stops: what follows here comes when it has read the head again, without the offer."""
        if not self._ignores_offer():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """As above."""
        if not self._ignores_offer():
            super().on_message_complete()

    def _parse(self, data: memoryview) -> None:
        """Feed the parser, which stops for good behind a head with an offer: a new one reads such a request without the offer."""
        try:
            while True:
                try:
                    return self.parser.feed_data(data)
                except httptools.HttpParserUpgrade as stopped:
                    if self._should_upgrade():
                        return self.handle_websocket_upgrade()
                    data = data[stopped.args[0] :]
                head = self._head_without_offer()
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
                self.parser.feed_data(head)
        except httptools.HttpParserError:
            self._refuse(431 if self._too_large else 400)

    def _ignores_offer(self) -> bool:
        return self.parser.should_upgrade() and not self._should_upgrade()

    def _head_without_offer(self) -> bytes:
        line = b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        return b"\r\n".join(
            [line, *[b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"], b"", b""]
        )


class LimitedHttpProtocol(PlainHttpProtocol):
    """Refuse a request line and headers of more than `MAX_HEAD` bytes with 431, and what is late or one connection too many."""

    _unfinished = 0
    _began_here = False
    _has_begun = False
    since = 0.0
    _watch: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """Take the connection; where there are too many, the one that has waited for its client longest is closed."""
        super().connection_made(transport)
        self.since = self.loop.time()
        self._watch = self.loop.call_later(get_settings().request_seconds, self._check_timeout)
        if len(self.connections) <= max_connections():
            return
        others = [one for one in self.connections if isinstance(one, LimitedHttpProtocol) and one.waits_for_client()]
        longest = min(others, key=lambda one: one.since)
        log.warning("too many connections", limit=max_connections(), refused=longest is self)
        longest.connections.discard(longest)
        if longest is self:
            self._refuse(503)
        else:
            longest.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed."""
        self._watch.cancel()
        super().connection_lost(exc)

    def waits_for_client(self) -> bool:
        """Whether it is the client's turn: no answer is being made, and what it sends is read."""
        if self._reading == "body":
            return not self.flow.read_paused
        return not self._is_answering()

    def data_received(self, data: bytes) -> None:
        """Take what has arrived; a head may come in any number of pieces."""
        if self._refusal:
            return
        self._began_here = False
        self._unset_keepalive_if_required()
        self._parse(memoryview(data))
        if self._reading != "head" or self.transport.is_closing():
            return
        # Where the head began in this piece, what precedes it belongs to other requests.
        self._unfinished += 0 if self._began_here else len(data)
        if self._unfinished > MAX_HEAD:
            self._refuse(431)

    def on_message_begin(self) -> None:
        """A request begins."""
        self._began_here, self._unfinished = True, 0
        self.since, self._has_begun = self.loop.time(), True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """All headers are there; the body may follow."""
        self._too_large = len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > MAX_HEAD
        if self._too_large or self.parser.get_method() == b"CONNECT":
            raise ValueError  # which the parser takes as the end, and `_parse` answers
        super().on_headers_complete()

    def _check_timeout(self) -> None:
        """Hang up where a request did not arrive in time, or the client does not take the rest of an answer."""
        limit, now = get_settings().request_seconds, self.loop.time()
        if self.transport.is_closing():
            self._watch = self.loop.call_later(limit, self.transport.abort)
            return
        if not self.waits_for_client() or self.timeout_keep_alive_task:  # uvicorn's own timer is shorter
            self.since = now
        if (rest := self.since + limit - now) > 0:
            self._watch = self.loop.call_later(rest, self._check_timeout)
            return
        received = self._reading if self._has_begun else None
        log.info("request did not arrive", received=received or "nothing", seconds=limit)
        self._watch = self.loop.call_later(limit, self.transport.abort)
        if received:
            self._refuse(408)
        self.transport.close()
