"""A PostgreSQL server for tests: in memory where possible, gone without a trace afterwards."""

import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import psutil

from service_devkit.postgres import server
from service_devkit.postgres.binaries import NoPostgresError, find_binaries
from service_devkit.processes import Guarded

_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - tempfile makes a private folder in it
_ROOM: Final = 1 << 30
# A crash of the machine may lose everything; a killed server loses nothing that it has confirmed.
_SETTINGS: Final = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "max_connections": "200",
    "dynamic_shared_memory_type": "mmap",
}


class ThrowawayCluster:
    """A server of its own that can be stopped, killed, frozen and started again. A context manager; starts on entering.

    When this process is killed, its guard stops the server and deletes the folder.

    Raises:
        NoPostgresError: there is no PostgreSQL here, or it does not start.
    """

    def __init__(self) -> None:
        find_binaries()
        self.directory = Path(tempfile.mkdtemp(prefix="postgres-", dir=folder_in_memory()))
        self.data = self.directory / "data"
        self.port = server.free_port()
        self._password = secrets.token_urlsafe(16)
        self._log = self.directory / "log"
        self._guarded: Guarded | None = None

    def url(self, database: str = "postgres") -> str:
        """Address of one of the databases, with the rights of the superuser."""
        return f"postgresql://{server.SUPERUSER}:{self._password}@127.0.0.1:{self.port}/{database}"

    def __enter__(self) -> Self:
        try:
            password_file = self.directory / "password"
            password_file.write_text(self._password)
            self._guarded = server.initialise(
                self.data, password_file=password_file, remove=self.directory, output=self._log, durable=False
            )
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._guarded:
            self._guarded.end()
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self) -> None:
        """Start the server again, on the same port and data."""
        previous = self._guarded
        self._guarded = server.start(
            self.data, port=self.port, settings=_SETTINGS, output=self._log, remove=self.directory
        )
        if previous:
            previous.release()

    def stop(self) -> None:
        """Stop the server as an administrator would: connections are closed, data stay."""
        server.stop(self.data)

    def kill(self) -> None:
        """Kill the server and all its processes with -9, as a crash would."""
        family = self._family()
        _each(family, signal.SIGKILL)
        while any(map(_lives, family)):
            time.sleep(0.01)
        _remove_shared_memory(server.read_postmaster(self.data))

    def freeze(self) -> None:
        """Stop the server and all its processes in their tracks (SIGSTOP): connections stay open, nothing answers."""
        _each(self._family(), signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        _each(self._family(), signal.SIGCONT)

    def _family(self) -> list[psutil.Process]:
        postmaster = server.running_postmaster(self.data)
        if postmaster is None:
            raise NoPostgresError("The server does not run.")
        head = psutil.Process(postmaster.pid)
        return [head, *head.children(recursive=True)]


def _each(processes: list[psutil.Process], number: signal.Signals) -> None:
    """Signal every process; those of connections come and go meanwhile."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def folder_in_memory() -> Path | None:
    """A folder that is no disk, where there is one with room for a cluster: cloning a database there is 25 times as fast."""
    has_room = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM
    return _MEMORY if has_room else None


def _remove_shared_memory(postmaster: server.Postmaster | None) -> None:
    """A killed server leaves a small segment, which only the next server on the same data would take away."""
    if postmaster and postmaster.shared_memory and shutil.which("ipcrm"):
        command = ["ipcrm", "-m", postmaster.shared_memory]
        subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - the number is PostgreSQL's
