"""Requests to an application in this process, without a socket, and what they cost."""

import time
from collections.abc import MutableMapping

import click
from starlette.types import ASGIApp, Message


async def cost(app: ASGIApp, path: str, *, requests: int, authorization: str = "") -> float:
    """CPU microseconds of one GET request, from `requests` of them."""
    started = time.process_time()
    for _ in range(requests):
        await get(app, path, authorization)
    return (time.process_time() - started) / requests * 1e6


async def get(app: ASGIApp, path: str, authorization: str = "") -> None:
    """Ask once.

    Raises:
        click.ClickException: another answer than 200.
    """
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(_scope(path, authorization), receive, send)
    if sent[0]["status"] != 200:  # noqa: PLR2004 - OK
        raise click.ClickException(f"{path} answered {sent[0]['status']}")


def _scope(path: str, authorization: str) -> MutableMapping[str, object]:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"authorization", authorization.encode())] if authorization else [],
        "client": ("192.0.2.1", 40_000),
        "server": ("127.0.0.1", 8000),
    }
