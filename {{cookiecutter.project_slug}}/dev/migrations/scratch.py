"""An empty database to try the migrations on."""

import asyncio
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from service_devkit.postgres.throwaway import ThrowawayCluster
from sqlalchemy.engine import make_url


@contextmanager
def scratch_database() -> Iterator[str]:
    """Address of an empty database that is gone afterwards.

    It stands beside the database of `DATABASE_URL` if that is one for tests (its name ends in `_test`), else on a server
    of its own.
    """
    given = make_url(os.environ.get("DATABASE_URL") or "postgresql://")
    if (given.database or "").endswith("_test"):
        server = given.set(drivername="postgresql").render_as_string(hide_password=False)
        with _beside(server, f"migrations_{secrets.token_hex(4)}_test") as url:
            yield url
    else:
        with ThrowawayCluster() as cluster:
            yield cluster.url()


@contextmanager
def _beside(server: str, name: str) -> Iterator[str]:
    asyncio.run(_execute(server, f"CREATE DATABASE {name}"))
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        asyncio.run(_execute(server, f"DROP DATABASE {name} WITH (FORCE)"))


async def _execute(server: str, statement: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
