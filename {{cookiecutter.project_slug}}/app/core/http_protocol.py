"""How bytes become requests: uvicorn's parser, with a limit on the head of a request and an answer in its place for whatever arrives.

Uvicorn limits the head only with its slower parser; with the faster one, a single connection could fill the memory with headers.
"""

from typing import Final, Literal, cast

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from app.core.middleware.security_headers import DEFAULTS
from app.core.problems import problem

MAX_HEAD: Final = 16_384
REFUSALS: Final = {
    400: ("malformed_request", "This could not be read as HTTP/1.1."),
    431: ("headers_too_large", f"Line and headers may have at most {MAX_HEAD} bytes."),
}


class LimitedHttpProtocol(HttpToolsProtocol):
    """Refuse a request line and headers of more than `MAX_HEAD` bytes with 431, and what is no HTTP with 400: both as error documents.

    A refusal goes out after the answers to what came before. An offer of another protocol that is not taken is ignored (RFC 9110 7.8).
    """

    _unfinished = 0
    _reading: Literal["head", "body"] | None = "head"
    _began_here = False
    _too_large = False
    _refusal = b""

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
        self._reading, self._began_here, self._unfinished = "head", True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """All headers are there; the body may follow."""
        self._too_large = len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > MAX_HEAD
        if self._too_large or self.parser.get_method() == b"CONNECT":
            raise ValueError  # which the parser takes as the end, and `_parse` answers
        if self._ignores_offer():
            return
        self._reading = "body"
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request has arrived."""
        if self._ignores_offer():
            return
        self._reading = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """An answer is out; a refusal goes out after the last one."""
        was_last = not self.pipeline
        super().on_response_complete()
        if was_last and self._refusal:
            self._hang_up()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's signature
        """Refuse the request and hang up."""
        self._refuse(400)

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

    def _should_upgrade(self) -> bool:
        """A WebSocket begins with a GET without a body (RFC 6455 4.1), and not while an answer is still to come."""
        return (
            super()._should_upgrade()
            and (self.parser.get_method(), self.parser.get_http_version()) == (b"GET", "1.1")
            and not any(name in {b"content-length", b"transfer-encoding"} for name, _ in self.headers)
            and not self._is_answering()
        )

    def _is_answering(self) -> bool:
        cycle = cast("RequestResponseCycle | None", self.cycle)  # which is None before the first request
        return cycle is not None and not cycle.response_complete

    def _head_without_offer(self) -> bytes:
        line = b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        return b"\r\n".join(
            [line, *[b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"], b"", b""]
        )

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
