"""The real server in a process of its own, reached through a socket."""

import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.plugins.postgres import Template

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 20


@dataclass(frozen=True)
class LiveServer:
    """A running server: its address, its process, and the file that its output goes to."""

    url: str
    process: subprocess.Popen[bytes]
    output: Path

    @property
    def port(self) -> int:
        """The port of 127.0.0.1 that it listens on."""
        return int(self.url.rpartition(":")[2])

    def ask_to_stop(self) -> None:
        """Ask it to stop, as an orchestrator does."""
        self.process.send_signal(signal.SIGTERM)

    def stop(self, *, timeout: float = 30) -> int:
        """Ask it to stop and wait for the end; its exit status."""
        self.ask_to_stop()
        return self.process.wait(timeout)

    def lines(self) -> list[str]:
        """What it has printed so far."""
        return self.output.read_text(encoding="utf-8").splitlines()


StartServer = Callable[..., LiveServer]


@pytest.fixture
def start_server(tmp_path: Path, sign_in_settings: dict[str, str]) -> Iterator[StartServer]:
    """`start_server(database_url, DRAIN_SECONDS="1")` starts a server and waits until it answers; it ends with the test."""
    numbers = itertools.count(1)
    with ExitStack() as stack:

        def start(database_url: str, **settings: str) -> LiveServer:
            folder = tmp_path / f"server-{next(numbers)}"
            folder.mkdir()
            given = _environment(database_url, sign_in_settings) | settings
            return stack.enter_context(_running(given, folder))

        yield start


@pytest.fixture(scope="session")
async def live_database_url(postgres_template: Template) -> AsyncIterator[str]:
    """The database behind `live_server`. What is written there stays until the end of the run."""
    async with postgres_template.clone(f"live_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}") as url:
        yield url


@pytest.fixture(scope="session")
def _kept_servers() -> Iterator[tuple[ExitStack, list[LiveServer]]]:
    with ExitStack() as stack:
        yield stack, []


@pytest.fixture
def live_server(
    _kept_servers: tuple[ExitStack, list[LiveServer]],
    live_database_url: str,
    sign_in_settings: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> LiveServer:
    """One server for all tests that neither stop it nor harm its database; the first of them starts it."""
    stack, servers = _kept_servers
    if not servers:
        given = _environment(live_database_url, sign_in_settings) | {"CORS_ORIGINS": "https://app.example.com"}
        servers.append(stack.enter_context(_running(given, tmp_path_factory.mktemp("live-server"))))
    return servers[0]


def _environment(database_url: str, sign_in_settings: dict[str, str]) -> dict[str, str]:
    secrets = {name.upper(): value for name, value in sign_in_settings.items()}
    return {"ENVIRONMENT": "test", "DATABASE_URL": database_url, "RATE_LIMIT": "100000/minute", **secrets}


@contextmanager
def _running(settings: dict[str, str], folder: Path) -> Iterator[LiveServer]:
    """A server that runs in an empty folder: the developer's `.env` must not get in."""
    port = free_port()
    command = [sys.executable, "-m", "app", "serve", "--port", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **settings}
    output = folder / "output"
    with output.open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)  # noqa: S603 - our own command
    server = LiveServer(f"http://127.0.0.1:{port}", process, output)
    try:
        _wait_until_it_answers(server)
        yield server
    finally:
        if process.poll() is None:
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """A server that does not stop by itself must not outlive the tests, nor may its workers."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_until_it_answers(server: LiveServer) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=START_SECONDS)
        try:
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.02)
        else:
            return
        finally:
            connection.close()
    pytest.fail("the server did not start:\n" + "\n".join(server.lines()), pytrace=False)
