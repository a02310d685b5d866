"""Copies of the development database, each for a worktree.

They are cloned from a template database that nobody connects to. Where nobody uses the original, the template is a clone of it, made in
milliseconds whatever is running elsewhere; else it is filled by pg_dump, which disturbs nobody.
"""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from service_devkit.postgres import server
from service_devkit.postgres.binaries import NoPostgresError, find_binaries
from service_devkit.postgres.client import connect, without_libpq
from service_devkit.postgres.development import DATABASE, ROLE, DevelopmentCluster

TEMPLATE: Final = "app_template"
_LOCK: Final = 0x6465766B6974  # "devkit": one maker of copies at a time, on one server


def copy_to(cluster: DevelopmentCluster, name: str) -> bool:
    """Make a database with the data of the development database. Returns False, and leaves it alone, where it exists."""
    cluster.shared.touch()
    return asyncio.run(_copy_to(cluster, name))


def drop(cluster: DevelopmentCluster, name: str) -> None:
    """Delete a database; nothing happens where there is none.

    Raises:
        NoPostgresError: somebody uses it.
    """
    asyncio.run(_drop(cluster, name))


def replace_by_empty(cluster: DevelopmentCluster, name: str) -> None:
    """Delete a database and make an empty one in its place."""
    drop(cluster, name)
    asyncio.run(_create(cluster, name))


def names_of(cluster: DevelopmentCluster) -> list[str]:
    """Every database of the server but those of PostgreSQL itself."""
    return asyncio.run(_names_of(cluster))


def revisions_of(cluster: DevelopmentCluster, name: str) -> list[str]:
    """The revisions that stand in a database; none where nothing was migrated."""
    return asyncio.run(_revisions_of(cluster, name))


@asynccontextmanager
async def _superuser(cluster: DevelopmentCluster, database: str = "postgres") -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(port=cluster.port, user=server.SUPERUSER, password=cluster.password, database=database)
    try:
        yield connection
    finally:
        await connection.close()


async def _copy_to(cluster: DevelopmentCluster, name: str) -> bool:
    async with _superuser(cluster) as connection:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        if await _exists(connection, name):
            return False
        await _refresh_template(connection, cluster)
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE {TEMPLATE} OWNER {ROLE}')
        return True


async def _refresh_template(connection: asyncpg.Connection, cluster: DevelopmentCluster) -> None:
    if await _exists(connection, TEMPLATE):
        await connection.execute(f"ALTER DATABASE {TEMPLATE} IS_TEMPLATE false")
        await connection.execute(f"DROP DATABASE {TEMPLATE}")
    if not await _exists(connection, DATABASE):
        await connection.execute(f"CREATE DATABASE {TEMPLATE} OWNER {ROLE}")
    elif await connection.fetchval("SELECT count(*) FROM pg_stat_activity WHERE datname = $1", DATABASE):
        await connection.execute(f"CREATE DATABASE {TEMPLATE} OWNER {ROLE}")
        await asyncio.to_thread(_dump_into_template, cluster)
    else:
        await connection.execute(f"CREATE DATABASE {TEMPLATE} TEMPLATE {DATABASE} OWNER {ROLE}")
    await connection.execute(f"ALTER DATABASE {TEMPLATE} IS_TEMPLATE true ALLOW_CONNECTIONS false")


def _dump_into_template(cluster: DevelopmentCluster) -> None:
    """Copy the data while others use them."""
    binaries, environment = find_binaries(), {**without_libpq(os.environ), "PGPASSWORD": cluster.password}
    place = ["--host=127.0.0.1", f"--port={cluster.port}", f"--username={server.SUPERUSER}"]
    dumped = subprocess.run(  # noqa: S603 - PostgreSQL's own programs
        [str(binaries / "pg_dump"), *place, DATABASE], env=environment, capture_output=True, check=False
    )
    restored = subprocess.run(  # noqa: S603 - as above
        [str(binaries / "psql"), *place, "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", TEMPLATE],
        env=environment,
        input=dumped.stdout,
        capture_output=True,
        check=False,
    )
    if dumped.returncode or restored.returncode:
        said = (dumped.stderr or restored.stderr).decode(errors="replace").strip()
        raise NoPostgresError(
            f"The development database could not be copied: {said}. Stop what uses it, as `devkit run`, and try again."
        )


async def _create(cluster: DevelopmentCluster, name: str) -> None:
    async with _superuser(cluster) as connection:
        await connection.execute(f'CREATE DATABASE "{name}" OWNER {ROLE}')


async def _drop(cluster: DevelopmentCluster, name: str) -> None:
    async with _superuser(cluster) as connection:
        try:
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
        except asyncpg.ObjectInUseError:
            raise NoPostgresError(
                f"The database {name} is in use. Stop what uses it, as `devkit run`, and try again."
            ) from None


async def _names_of(cluster: DevelopmentCluster) -> list[str]:
    async with _superuser(cluster) as connection:
        rows = await connection.fetch(
            "SELECT datname FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1')"
        )
        return sorted(row[0] for row in rows)


async def _revisions_of(cluster: DevelopmentCluster, name: str) -> list[str]:
    async with _superuser(cluster, name) as connection:
        if not await connection.fetchval("SELECT to_regclass('public.alembic_version')"):
            return []
        return [row[0] for row in await connection.fetch("SELECT version_num FROM public.alembic_version")]


async def _exists(connection: asyncpg.Connection, name: str) -> bool:
    return bool(await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name))
