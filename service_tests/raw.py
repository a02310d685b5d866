"""Bytes on a socket: requests that no client library would send."""

import io
import json
import select
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPMessage, HTTPResponse
from types import TracebackType
from typing import Self

from service_devkit.fixtures.server import LiveServer

from tests.mechanism.support import PROBLEM


@dataclass(frozen=True)
class RawAnswer:
    """An answer as it came through the socket."""

    status: int
    headers: HTTPMessage
    body: bytes

    def problem(self) -> dict[str, object]:
        """The error document."""
        assert self.headers.get_content_type() == PROBLEM, self
        document: dict[str, object] = json.loads(self.body)
        return document


class _Answers(io.BufferedReader):
    """What the server sends; the end of one answer is not the end of it."""

    def close(self) -> None:
        """Stay open: a library that closes it would lose what it has read of the next answer."""


class RawConnection:
    """A socket to the server, for requests that no client library would send."""

    def __init__(self, server: LiveServer, host: str = "127.0.0.1") -> None:
        self._socket = socket.create_connection((host, server.port), timeout=30)
        self._answers = _Answers(socket.SocketIO(self._socket, "r"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Send what the server still takes."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self._socket.sendall(data)

    def is_answered(self) -> bool:
        """Whether something of an answer is here, without waiting for it."""
        return bool(select.select([self._socket], [], [], 0)[0])

    def receive(self) -> RawAnswer:
        """The next answer."""
        response = HTTPResponse(self._socket)
        response.fp = self._answers
        with response:
            response.begin()
            return RawAnswer(response.status, response.headers, response.read())

    def is_closed(self, *, within: float = 0.5) -> bool:
        """Whether the server hangs up in these seconds."""
        self._socket.settimeout(within)
        try:
            return self._answers.read(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False


def request_of(start: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """`request_of("GET /healthz", {})` as bytes; a body comes with its length."""
    lines = [f"{start} HTTP/1.1", "Host: service.test", *[f"{name}: {value}" for name, value in headers.items()]]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def exchange(server: LiveServer, request: bytes, *, host: str = "127.0.0.1") -> RawAnswer:
    """One request on a connection of its own."""
    with RawConnection(server, host) as connection:
        connection.send(request)
        return connection.receive()
