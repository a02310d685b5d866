"""The PostgreSQL server for development: its data last, and it runs while somebody uses it."""

import asyncio
import shutil
import zlib
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from service_devkit.postgres import server
from service_devkit.postgres.binaries import NoPostgresError
from service_devkit.postgres.client import connect
from service_devkit.postgres.data_folder import DataFolder
from service_devkit.postgres.locks import SharedLock, alone
from service_devkit.processes import Guarded

DATABASE: Final = "app"
ROLE: Final = "app"
_FIRST_PORT: Final = 20_000
_PORTS: Final = 10_000


class DevelopmentCluster:
    """A server with its data in one folder, shared by the processes that use it. A context manager; starts the server when none runs.

    Every user holds a shared lock. The last to leave stops the server; a guard does it when the last was killed. `database` is the one of
    this user, made where it is missing: worktrees of one repository share a server.

    Raises:
        NoPostgresError: there is no PostgreSQL here, it does not start, or the data are of another version.
    """

    def __init__(self, root: Path, database: str = DATABASE) -> None:
        self._folder = DataFolder(root.resolve())
        self.database = database
        self._use: SharedLock | None = None
        self._guarded: Guarded | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """Address of the database, which belongs to the role `app` without special rights."""
        return f"postgresql://{ROLE}:{self._folder.password}@127.0.0.1:{self._port}/{self.database}"

    @property
    def port(self) -> int:
        """Where the server listens."""
        return self._port

    @property
    def password(self) -> str:
        """The password of the superuser and of the role."""
        return self._folder.password

    def __enter__(self) -> Self:
        self._folder.root.mkdir(parents=True, exist_ok=True)
        self._use = SharedLock(self._folder.users_lock)
        try:
            with alone(self._folder.start_lock):
                running = server.running_postmaster(self._folder.data)
                self._port = running.port if running else self._start()
                asyncio.run(_provide_database(self._port, self._folder.password, self.database))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        use, guarded = self._use, self._guarded
        self._use = self._guarded = None
        if use is None:
            return
        is_last = use.is_alone()
        try:
            if is_last:
                server.stop(self._folder.data)
        finally:
            use.release()
            if guarded:
                guarded.end() if is_last else guarded.detach()

    @property
    def shared(self) -> Path:
        """A file that is there when worktrees have databases on this server."""
        return self._folder.shared

    def hand_over(self) -> None:
        """Let the program that replaces this one (`os.exec*`) be the user of the server."""
        if self._use:
            self._use.hand_over()
        if self._guarded:
            self._guarded.hand_over()

    def delete(self) -> None:
        """Delete all data.

        Raises:
            NoPostgresError: somebody uses them.
        """
        if not self._folder.root.exists():
            return
        use = SharedLock(self._folder.users_lock)
        try:
            if not use.is_alone():
                raise NoPostgresError("The database is in use. Stop what uses it, as `devkit run`, and try again.")
            server.stop(self._folder.data)
            shutil.rmtree(self._folder.data, ignore_errors=True)
            self._folder.shared.unlink(missing_ok=True)
        finally:
            use.release()

    def _start(self) -> int:
        folder = self._folder
        folder.prepare()
        # The same port each time, for tools that remember it, unless somebody else took it.
        port = server.free_port(_FIRST_PORT + zlib.crc32(bytes(folder.root)) % _PORTS)
        self._guarded = server.start(folder.data, port=port, settings={}, output=folder.log, users=folder.users_lock)
        return port


async def _provide_database(port: int, password: str, database: str) -> None:
    """Make the role and the database of the service where they are missing."""
    connection = await connect(port=port, user=server.SUPERUSER, password=password, database="postgres")
    try:
        if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", ROLE):
            # The statement takes no parameters; the password is ours and has no quote.
            await connection.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{password}'")
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", database):
            await connection.execute(f"CREATE DATABASE {database} OWNER {ROLE}")
    finally:
        await connection.close()
