"""The statements of requests, as PostgreSQL logs them: nothing in the service counts."""

import asyncio
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from service_devkit.postgres.client import connect
from service_devkit.postgres.server import SUPERUSER
from service_devkit.postgres.throwaway import ThrowawayCluster

_STATEMENT: Final = re.compile(r"LOG:  (?:statement|execute [^:]+): (.*)")
# What begins and ends transactions, or gives a connection back (the last two are asyncpg's).
_AROUND: Final = re.compile(
    r"(BEGIN|START TRANSACTION|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SELECT pg_advisory_unlock_all|RESET)\b", re.IGNORECASE
)
_SETTLE: Final = 0.02  # some work is done after the answer


def log_statements(cluster: ThrowawayCluster) -> Path:
    """The log of the cluster, to which every statement of the connections to come goes."""
    _execute(cluster, "ALTER SYSTEM SET log_statement = 'all'")
    _execute(cluster, "SELECT pg_reload_conf()")
    return cluster.directory / "log"


@contextmanager
def recorded(log: Path) -> Iterator[list[str]]:
    """The list fills with the statements of the block when it ends; those of transactions are left out."""
    time.sleep(_SETTLE)
    before = log.stat().st_size
    statements: list[str] = []
    yield statements
    time.sleep(_SETTLE)
    with log.open("rb") as file:
        file.seek(before)
        found = _STATEMENT.findall(file.read().decode(errors="replace"))
    statements += [each for each in found if not _AROUND.match(each)]


def _execute(cluster: ThrowawayCluster, statement: str) -> None:
    async def work() -> None:
        password = urlsplit(cluster.url()).password or ""
        connection = await connect(port=cluster.port, user=SUPERUSER, password=password, database="postgres")
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(work())
