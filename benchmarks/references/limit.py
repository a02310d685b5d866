"""The limit: Starlette, hand-written statements on asyncpg's pool, bytes. No validation, no sign-in, no middleware."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

import asyncpg
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.parts import parts

POOL_SIZE: Final = 10
_ME: Final = "SELECT id::text, display_name, locale, created_at, updated_at FROM users WHERE id = $1"


def create_app() -> Starlette:
    """The application, with the routes of every domain that is there."""
    routes = [Route("/healthz", healthz), Route("/api/v1/users/me", read_me)]
    for module in parts("benchmarks.references.limit_"):
        routes += module.ROUTES
    return Starlette(routes=routes, lifespan=_lifespan)


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1, max_size=POOL_SIZE) as pool:
        app.state.pool = pool
        yield


async def healthz(_request: Request) -> Response:
    """Check that the process answers."""
    return as_json({"status": "healthy", "timestamp": datetime.now(UTC)})


async def read_me(request: Request) -> Response:
    """Show the caller."""
    row = await request.app.state.pool.fetchrow(_ME, request.headers["x-owner"])
    return as_json(dict(row))


def as_json(body: object, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """The body as bytes, times in UTC as the service writes them."""
    return Response(orjson.dumps(body, option=orjson.OPT_UTC_Z), status, headers=headers, media_type="application/json")
