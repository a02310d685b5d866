"""`benchmarks cost`: what one more piece of a route costs."""

import asyncio
import os
import statistics
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

import click
import structlog
from app.api.deps import ReadSession, Session
from app.core.settings import load_settings
from app.db.database import Database
from app.db.engine import create_pooled_engine
from app.main import create_app
from app.models.users import User
from fastapi import Depends, FastAPI
from fastapi.requests import HTTPConnection
from service_devkit.postgres.throwaway import ThrowawayCluster
from service_devkit.service import run_python, service_environment
from sqlalchemy import select, text
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from benchmarks import in_process

REQUESTS: Final = 40
ROUNDS: Final = 40
PATH: Final = "/piece"
CHEAPEST: Final = 4  # rounds whose median counts: the cheapest ones had the machine for themselves

Add = Callable[[FastAPI], None]


@click.command()
def cost() -> None:
    """Print the CPU microseconds that one more middleware, dependency or query adds to a request.

    Routes that do nothing else are called in this process, in turns, on a real database. Half a minute.
    """
    with ThrowawayCluster() as cluster:
        environment = service_environment(cluster.url())
        run_python(["-m", "app", "migrate"], environment)
        os.environ |= environment
        structlog.configure(processors=[structlog.testing.LogCapture()])
        figures = asyncio.run(_measure())
    plain = figures["nothing"]
    click.echo(f"{'a route that does nothing':<48} {plain:6.0f} us")
    for name, figure in figures.items():
        if name != "nothing":
            click.echo(f"{'+ ' + name:<48} {figure - plain:+6.0f} us")


async def _measure() -> dict[str, float]:
    database = Database(create_pooled_engine(load_settings()))
    apps = {name: _app(database, add) for name, add in PIECES.items()}
    rounds: dict[str, list[float]] = {name: [] for name in apps}
    for _ in range(ROUNDS):
        for name, app in apps.items():
            rounds[name].append(await in_process.cost(app, PATH, requests=REQUESTS))
    await database.dispose()
    return {name: statistics.median(sorted(figures)[:CHEAPEST]) for name, figures in rounds.items()}


def _app(database: Database, add: Add) -> FastAPI:
    app = create_app(load_settings(), database=database)
    add(app)
    return app


def _route(endpoint: Callable[..., Awaitable[None]]) -> Add:
    return lambda app: app.add_api_route(PATH, endpoint)


async def _nothing() -> None:
    """Only what every request goes through."""


async def _dependency(connection: HTTPConnection) -> HTTPConnection:
    return connection


async def _one_dependency(_one: Annotated[HTTPConnection, Depends(_dependency)]) -> None:
    """The framework solves it once."""


def _blocking_dependency(connection: HTTPConnection) -> HTTPConnection:
    return connection


async def _thread(_one: Annotated[HTTPConnection, Depends(_blocking_dependency)]) -> None:
    """Not `async`, so it is sent to a thread."""


async def _read(reader: ReadSession) -> None:
    await reader.row(_USERS)


async def _read_twice(reader: ReadSession) -> None:
    await reader.row(_USERS)
    await reader.row(_USERS)


async def _orm(session: Session) -> None:
    (await session.scalars(select(User).limit(20))).all()


async def _transaction(session: Session) -> None:
    await session.execute(text("SELECT 1"))


_USERS: Final = select(User.id, User.display_name).limit(20)


class _PureMiddleware:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


class _BaseMiddleware(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)


def _wrapped(middleware: type[_PureMiddleware | _BaseMiddleware]) -> Add:
    def add(app: FastAPI) -> None:
        app.add_api_route(PATH, _nothing)
        app.add_middleware(middleware)

    return add


PIECES: Final[dict[str, Add]] = {
    "nothing": _route(_nothing),
    "a dependency": _route(_one_dependency),
    "a dependency that is not async": _route(_thread),
    "a middleware": _wrapped(_PureMiddleware),
    "a middleware on BaseHTTPMiddleware": _wrapped(_BaseMiddleware),
    "a query of rows with the reader": _route(_read),
    "two queries of rows with the reader": _route(_read_twice),
    "a session that commits, with one statement": _route(_transaction),
    "a session that commits, with a query of objects": _route(_orm),
}
