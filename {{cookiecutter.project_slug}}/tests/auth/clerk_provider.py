"""A small identity provider on 127.0.0.1 that shows its keys, slowly or wrongly if it is asked to."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from jwt.algorithms import RSAAlgorithm

from tests.plugins.sign_in_clerk import KEY_ID, signing_key


def key_set(keys: Mapping[str, RSAPrivateKey]) -> bytes:
    """The document of some keys."""
    entries = [
        RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": kid, "use": "sig", "alg": "RS256"}
        for kid, key in keys.items()
    ]
    return json.dumps({"keys": entries}).encode()


@dataclass
class KeyServer:
    """What the provider answers, and which addresses it was asked for."""

    url: str = ""
    status: int = 200
    body: bytes = field(default_factory=lambda: key_set({KEY_ID: signing_key()}))
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0
    asked: list[str] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def hits(self) -> int:
        """How many requests came."""
        return len(self.asked)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request as configured now."""
        self.asked.append(handler.path)
        status, body, headers = self.status, self.body, dict(self.headers)
        self.released.wait(self.delay)
        handler.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has stopped waiting is no news."""


@contextmanager
def serve_keys() -> Iterator[KeyServer]:
    """Run the provider."""
    keys = KeyServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            keys.answer(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the base class
            """Keep the test's output clean."""

    server = _Quiet(("127.0.0.1", 0), Handler)
    keys.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield keys
    finally:
        keys.released.set()
        server.shutdown()
        server.server_close()


@dataclass
class Clock:
    """A clock that advances on request."""

    now: float = 1000

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
