"""A server of a few lines, for tests of what sends requests."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Answering(BaseHTTPRequestHandler):
    """Answers with the status that `status` says, and with an id where something was made."""

    def status(self, asked: str, sent: bytes) -> int:
        """The status of a request such as `GET /rooms`, with the body that came."""
        raise NotImplementedError

    def answer(self) -> None:
        """Send the answer."""
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status = self.status(f"{self.command} {self.path}", sent)
        body = b'{"id": 7}' if status == 201 else b""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - the names of the standard library

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def serving(handler: type[Answering]) -> Iterator[str]:
    """The address of the server while it runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
