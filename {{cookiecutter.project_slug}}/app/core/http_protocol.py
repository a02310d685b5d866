"""How bytes become requests: uvicorn's parser, with a limit on the head of a request.

Uvicorn limits the head only with its slower parser; with the faster one, a single connection could fill the memory with headers.
"""

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.core.middleware.security_headers import DEFAULTS
from app.core.problems import problem

MAX_HEAD = 16_384


class LimitedHttpProtocol(HttpToolsProtocol):
    """Refuse a request line and headers of more than `MAX_HEAD` bytes with 431, and what is no HTTP with 400: both as error documents."""

    _unfinished = 0
    _reading_head = True
    _began_here = False
    _too_large = False

    def data_received(self, data: bytes) -> None:
        """Take what has arrived; a head may come in any number of pieces."""
        self._began_here = False
        super().data_received(data)
        if not self._reading_head or self.transport.is_closing():
            return
        # Where the head began in this piece, what precedes it belongs to other requests.
        self._unfinished += 0 if self._began_here else len(data)
        if self._unfinished > MAX_HEAD:
            self._too_large = True
            self.send_400_response("")

    def on_message_begin(self) -> None:
        """A request begins."""
        self._reading_head, self._began_here, self._unfinished = True, True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """All headers are there; the body may follow."""
        self._reading_head = False
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > MAX_HEAD:
            self._too_large = True
            raise ValueError  # which the parser takes as the end, and uvicorn answers with the method below
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's signature
        """Refuse the request and hang up."""
        status, code, detail = 400, "malformed_request", "This could not be read as HTTP/1.1."
        if self._too_large:
            status, code, detail = 431, "headers_too_large", f"Line and headers may have at most {MAX_HEAD} bytes."
        response = problem({}, status=status, code=code, detail=detail, headers={**DEFAULTS, "Connection": "close"})
        headers = [b"%b: %b\r\n" % header for header in [*self.server_state.default_headers, *response.raw_headers]]
        self.transport.write(b"".join([STATUS_LINE[status], *headers, b"\r\n", response.body]))
        self.transport.close()
