"""`benchmarks sign-in-cost`: what the guard and the provider add to a request."""

import asyncio
import os
import statistics
from typing import Final

import click
import structlog
from app.auth.guard import current_principal
from app.auth.principal import SignInError
from app.auth.provider import build_authenticator
from app.core.settings import load_settings
from app.main import create_app
from dev.environment import development_secrets
from dev.sign_in import authorizations
from fastapi import Depends, FastAPI

from benchmarks.in_process import cost

WARM_UP: Final = 2


@click.command("sign-in-cost")
@click.option("--requests", default=200, show_default=True, help="Requests of each kind in a round.")
@click.option("--rounds", default=25, show_default=True, help="Rounds; the median counts.")
def sign_in_cost(*, requests: int, rounds: int) -> None:
    """Print the CPU microseconds of a public request, and what signing in adds: where the credentials were accepted a moment ago, and where they are proven.

    Routes that do nothing are called in this process, without socket and database: only the guard and the provider differ. They take turns in
    short rounds, and the median round counts, so that the difference holds on a busy machine.
    """
    os.environ |= {name: make() for name, make in development_secrets().items()}
    os.environ |= {"ENVIRONMENT": "development", "RATE_LIMIT": "1000000000/minute"}
    structlog.configure(processors=[structlog.testing.LogCapture()])
    headers = authorizations()
    accepted = {name: header for name, header in headers.items() if asyncio.run(_is_accepted(header))}
    for provider in headers.keys() - accepted:
        click.echo(f"{provider}: the service takes no such credentials", err=True)
    if not accepted:
        raise click.ClickException("the service refuses all that `dev.sign_in` makes")
    for provider, header in accepted.items():
        public, remembered, proven = asyncio.run(_measure(header, requests, rounds))
        click.echo(
            f"{provider:<10} public {public:5.0f} us   remembered {remembered - public:+5.0f} us   "
            f"proven {proven - public:+5.0f} us   ratio {proven / public:.2f}"
        )


async def _is_accepted(authorization: str) -> bool:
    """A checkout may know more ways to sign in than the service takes."""
    try:
        await build_authenticator(load_settings()).authenticate([authorization])
    except SignInError:
        return False
    return True


async def _measure(authorization: str, requests: int, rounds: int) -> tuple[float, float, float]:
    remembering, forgetful = _app(), _app(caller_known_seconds=0)
    figures = [
        (
            await cost(remembering, "/public", requests=requests, authorization=authorization),
            await cost(remembering, "/guarded", requests=requests, authorization=authorization),
            await cost(forgetful, "/guarded", requests=requests, authorization=authorization),
        )
        for _ in range(WARM_UP + rounds)
    ]
    public, remembered, proven = zip(*figures[WARM_UP:], strict=True)
    return statistics.median(public), statistics.median(remembered), statistics.median(proven)


def _app(**changes: object) -> FastAPI:
    app = create_app(load_settings().model_copy(update=changes))
    app.add_api_route("/public", _nothing)
    app.add_api_route("/guarded", _nothing, dependencies=[Depends(current_principal)])
    return app


async def _nothing() -> None:
    """Whatever a route does is not measured."""
