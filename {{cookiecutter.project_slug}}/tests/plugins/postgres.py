"""A real PostgreSQL for the tests, started when the first test asks for it.

One process owns the server: the only one, or the controller of pytest-xdist. It migrates a template database once; each worker clones
it, which takes milliseconds. A worker asks the controller through a socket, so that a run of tests that need no database starts none, and
a worker that crashes and is replaced takes no server with it.

With `DATABASE_URL` in the environment that server is used instead; the tests make and drop databases beside the one it names.
"""

import asyncio
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Listener
from pathlib import Path
from typing import Final, Protocol

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from dev.postgres.binaries import NoPostgresError
from dev.postgres.throwaway import ThrowawayCluster

ROOT: Final = Path(__file__).resolve().parents[2]
_STOP: Final = "stop"
_FILE_COPY_SINCE: Final = 15


class NoTestDatabaseError(Exception):
    """The tests cannot have a database; the message says what to do."""


@dataclass(frozen=True)
class Template:
    """A migrated database that nobody connects to, and the server's address for administration."""

    server_url: str
    name: str

    def url(self, database: str) -> str:
        """Address of another database of the server."""
        return make_url(self.server_url).set(database=database).render_as_string(hide_password=False)

    @asynccontextmanager
    async def clone(self, label: str) -> AsyncIterator[str]:
        """The address of a new copy, dropped afterwards."""
        name = f"{self.name.removesuffix('_test')}_{label}_test"
        await execute(self.server_url, f"CREATE DATABASE {name} TEMPLATE {self.name}", strategy="file_copy")
        try:
            yield self.url(name)
        finally:
            await execute(self.server_url, f"DROP DATABASE {name} WITH (FORCE)")


async def execute(url: str, statement: str, *, strategy: str | None = None) -> None:
    """Run one statement of administration, which no transaction may surround."""
    connection = await asyncpg.connect(url)
    try:
        if strategy and connection.get_server_version().major >= _FILE_COPY_SINCE:
            statement += f" STRATEGY {strategy}"  # copies files instead of logging each page: half the time
        await connection.execute(statement)
    finally:
        await connection.close()


def migrate(url: str) -> None:
    """Apply all migrations, in a process of its own as in production."""
    # The environment wins over a developer's `.env`.
    environment = {**os.environ, "ENVIRONMENT": "test", "DATABASE_URL": url, "DIRECT_URL": url}
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - constant
    if result.returncode != 0:
        raise NoTestDatabaseError(f"The migrations failed:\n{result.stdout}{result.stderr}")


def given_server_url() -> str | None:
    """`DATABASE_URL` of the environment, as asyncpg takes it.

    Raises:
        NoTestDatabaseError: it names a database that may hold something else than tests.
    """
    given = os.environ.get("DATABASE_URL")
    if not given:
        return None
    url = make_url(given)
    if not (url.database or "").endswith("_test"):
        raise NoTestDatabaseError(
            f"DATABASE_URL names the database {url.database!r}. Tests only touch a server through a database whose name ends in "
            "_test: create one and name it, or unset DATABASE_URL to test on a throw-away PostgreSQL."
        )
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


class RunDatabase:
    """The owner of the server and the template of one test run. Nothing starts before `template` is called."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._made: Template | NoTestDatabaseError | None = None
        self._key = secrets.token_bytes(16)
        self._listener: Listener | None = None

    def template(self) -> Template | NoTestDatabaseError:
        """The template, made on first use, or why there is none."""
        if self._made is None:
            try:
                self._made = self._make_template()
            except (NoPostgresError, OSError, asyncpg.PostgresError) as error:
                self._made = NoTestDatabaseError(f"There is no database to test on. {error}")
            except NoTestDatabaseError as error:
                self._made = error
        return self._made

    def _make_template(self) -> Template:
        server_url = given_server_url() or self._stack.enter_context(ThrowawayCluster()).url()
        template = Template(server_url, f"run_{secrets.token_hex(4)}_test")
        asyncio.run(execute(server_url, f"CREATE DATABASE {template.name}"))
        self._stack.callback(self._drop, template)
        migrate(template.url(template.name))
        return template

    @staticmethod
    def _drop(template: Template) -> None:
        asyncio.run(execute(template.server_url, f"DROP DATABASE {template.name} WITH (FORCE)"))

    def listen(self) -> tuple[str, int, bytes]:
        """Answer the workers from now on. Returns the address and the key to ask with."""
        if self._listener is None:
            self._listener = Listener(("127.0.0.1", 0), backlog=64, authkey=self._key)
            threading.Thread(target=self._answer, args=(self._listener,), daemon=True).start()
        return ("127.0.0.1", int(self._listener.address[1]), self._key)

    def _answer(self, listener: Listener) -> None:
        question = None
        while question != _STOP:
            # A worker that dies while it asks must not end the answers for the others.
            with suppress(OSError, EOFError, AuthenticationError), listener.accept() as worker:
                question = worker.recv()
                if question != _STOP:
                    worker.send(self.template())

    def close(self) -> None:
        """Stop the server and whatever else runs."""
        if self._listener:
            with Client(self._listener.address, authkey=self._key) as connection:
                connection.send(_STOP)
            self._listener.close()
        self._stack.close()


_RUN: Final = pytest.StashKey[RunDatabase]()


class _Node(Protocol):
    """What pytest-xdist, which has no types, hands over for each worker."""

    config: pytest.Config
    workerinput: dict[str, object]


def pytest_configure(config: pytest.Config) -> None:
    """The controller, or the only process, owns the database."""
    if not hasattr(config, "workerinput"):
        config.stash[_RUN] = RunDatabase()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: _Node) -> None:
    """Tell a worker of pytest-xdist whom to ask."""
    node.workerinput["run_database"] = node.config.stash[_RUN].listen()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the database with the run."""
    if _RUN in config.stash:
        config.stash[_RUN].close()


@pytest.fixture(scope="session")
def postgres_template(pytestconfig: pytest.Config) -> Template:
    """The migrated template of this run."""
    workerinput = getattr(pytestconfig, "workerinput", None)
    template = pytestconfig.stash[_RUN].template() if workerinput is None else _ask(*workerinput["run_database"])
    if isinstance(template, NoTestDatabaseError):
        pytest.fail(str(template), pytrace=False)
    return template


def _ask(host: str, port: int, key: bytes) -> Template | NoTestDatabaseError:
    with Client((host, port), authkey=key) as controller:
        controller.send("template")
        answer: Template | NoTestDatabaseError = controller.recv()
    return answer


@pytest.fixture(scope="session")
async def database_url(postgres_template: Template) -> AsyncIterator[str]:
    """Address of this worker's migrated database. Tests leave no rows in it: what they write is rolled back."""
    async with postgres_template.clone(os.environ.get("PYTEST_XDIST_WORKER", "main")) as url:
        yield url


@pytest.fixture
async def fresh_database_url(postgres_template: Template) -> AsyncIterator[str]:
    """Address of a migrated database for one test, which may commit what it likes."""
    async with postgres_template.clone(secrets.token_hex(4)) as url:
        yield url


@pytest.fixture
def postgres_server() -> Iterator[ThrowawayCluster]:
    """A server for one test, which may stop, kill or freeze it; its database `postgres` is migrated."""
    with ThrowawayCluster() as cluster:
        migrate(cluster.url())
        yield cluster
