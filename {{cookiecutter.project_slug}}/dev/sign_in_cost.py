"""`dev sign-in-cost`: what the guard and the provider add to a request."""

import asyncio
import os
import statistics
import time
from collections.abc import MutableMapping
from typing import Final

import click
import structlog
from fastapi import Depends, FastAPI
from starlette.types import Message

from app.auth.guard import current_principal
from app.core.settings import load_settings
from app.main import create_app
from dev.environment import development_secrets
from dev.sign_in import authorizations

REQUESTS: Final = 200
ROUNDS: Final = 25
WARM_UP: Final = 2


@click.command("sign-in-cost")
def sign_in_cost() -> None:
    """Print the CPU microseconds of a public request and of a signed-in one, and the difference.

    Two routes that do nothing are called in this process, without socket and database: only the guard and the provider differ. They take turns in
    short rounds, and the median round counts, so that the difference holds on a busy machine.
    """
    os.environ |= {name: make() for name, make in development_secrets().items()}
    os.environ |= {"ENVIRONMENT": "development", "RATE_LIMIT": "1000000000/minute"}
    structlog.configure(processors=[structlog.testing.LogCapture()])
    for provider, authorization in authorizations().items():
        public, guarded = asyncio.run(_measure(authorization))
        click.echo(
            f"{provider:<10} public {public:5.0f} us   signed in {guarded:5.0f} us   "
            f"added {guarded - public:5.0f} us   ratio {guarded / public:.2f}"
        )


async def _measure(authorization: str) -> tuple[float, float]:
    app = _app()
    rounds = [
        (await _cost(app, "/public", authorization), await _cost(app, "/guarded", authorization)) for _ in range(ROUNDS)
    ]
    public, guarded = zip(*rounds[WARM_UP:], strict=True)
    return statistics.median(public), statistics.median(guarded)


def _app() -> FastAPI:
    app = create_app(load_settings())
    app.add_api_route("/public", _nothing)
    app.add_api_route("/guarded", _nothing, dependencies=[Depends(current_principal)])
    return app


async def _nothing() -> None:
    """Whatever a route does is not measured."""


async def _cost(app: FastAPI, path: str, authorization: str) -> float:
    """CPU microseconds per request."""
    started = time.process_time()
    for _ in range(REQUESTS):
        await _request(app, path, authorization)
    return (time.process_time() - started) / REQUESTS * 1e6


async def _request(app: FastAPI, path: str, authorization: str) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: MutableMapping[str, object] = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"authorization", authorization.encode())],
        "client": ("192.0.2.1", 40_000),
        "server": ("127.0.0.1", 8000),
    }
    await app(scope, receive, send)
    if sent[0]["status"] != 200:  # noqa: PLR2004 - OK
        raise click.ClickException(f"{path} answered {sent[0]['status']}")
