"""One PostgreSQL server in one data folder."""

import os
import socket
import sys
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT
from typing import Final

import psutil

from service_devkit.postgres.binaries import NoPostgresError, find_binaries, major_version, unprivileged
from service_devkit.processes import Guarded

SUPERUSER: Final = "postgres"
PATIENCE: Final = 30.0
_PATIENCE_OF_A_START: Final = 120.0  # a server that ends is noticed at once; this is for machines with other work
_BUILTIN_LOCALES_SINCE: Final = 17
_POLL: Final = 0.01
_MOST_RESERVED: Final = 200
_reserved: Final[deque[int]] = deque()
# Only TCP: a Unix socket's path may have about 100 characters, less than many a project's.
_ALWAYS: Final = {"listen_addresses": "127.0.0.1", "unix_socket_directories": ""}


@dataclass(frozen=True)
class Postmaster:
    """What a server says of itself in `postmaster.pid`."""

    pid: int
    port: int
    ready: bool
    shared_memory: str | None


def read_postmaster(data: Path) -> Postmaster | None:
    """The server that runs, or last ran and did not stop, on a data folder."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    # pid, folder, start, port; fewer while it is written, or after a crash of the machine
    if len(lines) < 4 or not all(line.strip().isdecimal() for line in (lines[0], lines[3])):  # noqa: PLR2004 - as above
        return None
    memory = lines[6].split()[-1] if len(lines) > 6 and lines[6].split() else None  # noqa: PLR2004 - key and id of shared memory
    return Postmaster(int(lines[0]), int(lines[3]), lines[-1].strip() == "ready", memory)


def running_postmaster(data: Path) -> Postmaster | None:
    """The server that runs on a data folder. A file left by a crash may name a process that is something else by now."""
    postmaster = read_postmaster(data)
    return postmaster if postmaster and _serves(postmaster.pid, data) else None


def is_served(data: Path) -> bool:
    """Whether any server runs on a data folder, whatever `postmaster.pid` says."""
    return any(_serves(pid, data) for pid in psutil.pids())


def _serves(pid: int, data: Path) -> bool:
    """Whether a process is a server that works in the folder. Its command line may have a name that the folder had before."""
    try:
        process = psutil.Process(pid)
        return process.name() == "postgres" and data.samefile(process.cwd())
    except (psutil.NoSuchProcess, psutil.AccessDenied, OSError):
        return False


def free_port(preferred: int = 0) -> int:
    """A port of 127.0.0.1 that nobody listens on; the preferred one when it is free.

    On Linux any other port stays reserved for the life of this process: only who names it and sets `SO_REUSEADDR`, as servers do, can
    listen there. Between the question and the start of a server lie seconds, in which the system would give the port to another.
    """
    with socket.socket() as probe:
        if preferred:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", preferred))
        except OSError:
            return free_port()
        port: int = probe.getsockname()[1]
        if not preferred and sys.platform == "linux":
            _reserve(probe)
        return port


def _reserve(probe: socket.socket) -> None:
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if len(_reserved) == _MOST_RESERVED:
        os.close(_reserved.popleft())
    _reserved.append(probe.detach())


def initialise(data: Path, *, password_file: Path, remove: Path, output: Path, durable: bool) -> Guarded:
    """Make a data folder. Returns the guard, which deletes `remove` should this process end: release it, or replace it by the next.

    Raises:
        NoPostgresError: `initdb` failed; nothing is left of it.
    """
    binaries = find_binaries()
    command = [*unprivileged(), str(binaries / "initdb"), "-D", str(data), "-U", SUPERUSER, f"--pwfile={password_file}"]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", *_collation(binaries)]
    command += [] if durable else ["--no-sync"]
    guarded = Guarded(command, output=output, remove=remove)
    if guarded.wait() != 0:
        log = tail(output)
        guarded.end()
        raise NoPostgresError(f"initdb failed:\n{log}")
    return guarded


def _collation(binaries: Path) -> tuple[str, ...]:
    """Upper and lower case of all of Unicode, the same on every system; the C locale alone knows only ASCII."""
    if major_version(binaries) >= _BUILTIN_LOCALES_SINCE:
        return ("--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    return ("--lc-ctype=C.UTF-8",) if sys.platform == "linux" else ()


def start(
    data: Path,
    *,
    port: int,
    settings: Mapping[str, str],
    output: Path,
    users: Path | None = None,
    remove: Path | None = None,
) -> Guarded:
    """Start a server and return when it takes connections.

    Raises:
        NoPostgresError: it did not start; the message carries the end of its log.
    """
    command = [*unprivileged(), str(find_binaries() / "postgres"), "-D", str(data), "-p", str(port)]
    for name, value in (_ALWAYS | dict(settings)).items():
        command += ["-c", f"{name}={value}"]
    guarded = Guarded(command, end_signal=SIGINT, patience=PATIENCE, users=users, remove=remove, output=output)
    try:
        _wait_until_ready(guarded, data, output)
    except BaseException:
        guarded.abort()
        raise
    return guarded


def _wait_until_ready(guarded: Guarded, data: Path, output: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_OF_A_START
    while guarded.poll() is None and time.monotonic() < deadline:
        postmaster = running_postmaster(data)
        if postmaster and postmaster.ready:
            return
        time.sleep(_POLL)
    raise NoPostgresError(f"PostgreSQL did not start:\n{tail(output)}")


def stop(data: Path) -> None:
    """Disconnect everybody, stop the server and wait for its end. Nothing happens when none runs."""
    postmaster = running_postmaster(data)
    if postmaster is None:
        return
    process = psutil.Process(postmaster.pid)
    process.send_signal(SIGINT)
    process.wait(PATIENCE)


def tail(log: Path, lines: int = 10) -> str:
    """The end of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
