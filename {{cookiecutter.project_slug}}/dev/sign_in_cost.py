"""`dev sign-in-cost`: what the guard and the provider add to a request."""

import asyncio
import os
import statistics
from typing import Final

import click
import structlog
from fastapi import Depends, FastAPI

from app.auth.guard import current_principal
from app.core.settings import load_settings
from app.main import create_app
from dev.benchmark.in_process import cost
from dev.environment import development_secrets
from dev.sign_in import authorizations

REQUESTS: Final = 200
ROUNDS: Final = 25
WARM_UP: Final = 2


@click.command("sign-in-cost")
def sign_in_cost() -> None:
    """Print the CPU microseconds of a public request, and what signing in adds: where the credentials were accepted a moment ago, and where they are proven.

    Routes that do nothing are called in this process, without socket and database: only the guard and the provider differ. They take turns in
    short rounds, and the median round counts, so that the difference holds on a busy machine.
    """
    os.environ |= {name: make() for name, make in development_secrets().items()}
    os.environ |= {"ENVIRONMENT": "development", "RATE_LIMIT": "1000000000/minute"}
    structlog.configure(processors=[structlog.testing.LogCapture()])
    for provider, authorization in authorizations().items():
        public, remembered, proven = asyncio.run(_measure(authorization))
        click.echo(
            f"{provider:<10} public {public:5.0f} us   remembered {remembered - public:+5.0f} us   "
            f"proven {proven - public:+5.0f} us   ratio {proven / public:.2f}"
        )


async def _measure(authorization: str) -> tuple[float, float, float]:
    remembering, forgetful = _app(), _app(caller_known_seconds=0)
    rounds = [
        (
            await cost(remembering, "/public", requests=REQUESTS, authorization=authorization),
            await cost(remembering, "/guarded", requests=REQUESTS, authorization=authorization),
            await cost(forgetful, "/guarded", requests=REQUESTS, authorization=authorization),
        )
        for _ in range(ROUNDS)
    ]
    public, remembered, proven = zip(*rounds[WARM_UP:], strict=True)
    return statistics.median(public), statistics.median(remembered), statistics.median(proven)


def _app(**changes: object) -> FastAPI:
    app = create_app(load_settings().model_copy(update=changes))
    app.add_api_route("/public", _nothing)
    app.add_api_route("/guarded", _nothing, dependencies=[Depends(current_principal)])
    return app


async def _nothing() -> None:
    """Whatever a route does is not measured."""
