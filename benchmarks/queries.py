"""The statements of one request, counted by PostgreSQL itself."""

import asyncio
import re
import socket
import time
from pathlib import Path
from typing import Final

import asyncpg
import click

from benchmarks.load import UNIQUE
from benchmarks.scenarios import Request

_STATEMENT: Final = re.compile(r"LOG:  (?:statement|execute [^:]+): (.*)")
# The last one is what asyncpg's pool sends when a connection comes back.
_AROUND: Final = re.compile(
    r"(BEGIN|START TRANSACTION|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SELECT pg_advisory_unlock_all)\b", re.IGNORECASE
)
_WARM: Final = 2
_SETTLE: Final = 0.05  # seconds until each backend has read its settings, and has logged what it did


class StatementLog:
    """The log of a cluster of our own. A context manager: inside of the block PostgreSQL logs every statement."""

    def __init__(self, url: str, log: Path) -> None:
        self._url = url
        self._log = log

    async def __aenter__(self) -> "StatementLog":
        await self._set("all")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._set("none")

    async def _set(self, value: str) -> None:
        connection = await asyncpg.connect(self._url)
        try:
            await connection.execute(f"ALTER SYSTEM SET log_statement = '{value}'")
            await connection.execute("SELECT pg_reload_conf()")
        finally:
            await connection.close()
        await asyncio.sleep(_SETTLE)

    def statements_of(self, port: int, request: Request) -> list[str]:
        """The statements of a request whose like was answered before; those that only begin or end a transaction come along."""
        for _ in range(_WARM):
            send(port, request)
        time.sleep(_SETTLE)  # some end their transaction after the answer
        before = self._log.stat().st_size
        send(port, request)
        time.sleep(_SETTLE)
        with self._log.open("rb") as log:
            log.seek(before)
            return _STATEMENT.findall(log.read().decode(errors="replace"))


def send(port: int, request: Request) -> None:
    """One request on a connection of its own.

    Raises:
        click.ClickException: the answer has another status than the expected one.
    """
    text = request.head_and_body().replace("Host:", "Connection: close\r\nHost:", 1)
    text = text.replace(UNIQUE, f"{time.time_ns():016x}")
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(text.encode())
        answer = connection.makefile("rb").read().decode()
    if int(answer[9:12]) != request.expected:
        raise click.ClickException(f"{request.path}: expected {request.expected}, got {answer}")


def of_work(statements: list[str]) -> list[str]:
    """The statements that do something; BEGIN, COMMIT and their like stand around them."""
    return [statement for statement in statements if not _AROUND.match(statement)]
