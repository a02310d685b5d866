"""What the three services answer to one request."""

import json
import socket
from dataclasses import dataclass

from benchmarks.scenarios import Request
from benchmarks.session import Session


@dataclass(frozen=True)
class Answer:
    """Status, headers that belong to the content, and body."""

    status: int
    location: bool
    content_type: str
    body: dict[str, object]


def answers(running: Session, request: Request) -> dict[str, Answer]:
    """By service."""
    return {side: answer_of(server.port, request) for side, server in running.servers.items()}


def answer_of(port: int, request: Request) -> Answer:
    """What one of them answers."""
    text = request.head_and_body().replace("Host:", "Connection: close\r\nHost:", 1)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(text.encode())
        head, _, body = connection.makefile("rb").read().decode().partition("\r\n\r\n")
    fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:])
    content_type = fields["content-type"].partition(";")[0]
    return Answer(int(head[9:12]), "location" in fields, content_type, json.loads(body))
