"""How the server starts, listens, and keeps its workers."""

import gc
import json
import os
import signal
import socket
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest
from service_devkit.fixtures.server import LiveServer, StartServer
from service_devkit.postgres.server import free_port
from uvicorn.config import Config

from app.core.workers import ServerConfig
from tests.mechanism.raw import exchange, request_of
from tests.mechanism.support import eventually, lines_about, log_lines, run_command
from tests.plugins.environment import ROOT

pytestmark = pytest.mark.live

UNDECIDED = "from app.api import health; health.router.add_api_route('/nobody', lambda: None)"
RAISING = "import app.core.shutdown as shutdown; shutdown.drain_on_signal = None"


@pytest.fixture
def complete(live_database_url: str, sign_in_settings: dict[str, str]) -> dict[str, str]:
    """An environment in which the service starts."""
    given = {name.upper(): value for name, value in sign_in_settings.items()}
    return {"ENVIRONMENT": "test", "DATABASE_URL": live_database_url, **given}


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize(
    ("fault", "message"), [(UNDECIDED, "neither guarded nor public: GET /nobody"), (RAISING, "TypeError")]
)
def test_start_that_fails_ends_with_one_error_however_many_workers(
    tmp_path: Path, complete: dict[str, str], workers: str, fault: str, message: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(fault, encoding="utf-8")
    given = complete | {"WORKERS": workers, "PYTHONPATH": f"{tmp_path}:{ROOT}"}

    result = run_command(tmp_path, given, "serve", "--port", str(free_port()))

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert (result.returncode, result.stderr) == (3, "")
    assert [line["event"] for line in lines if line["level"] != "error"] == ["stopped"]
    assert [message in json.dumps(line) for line in lines if line["level"] == "error"] == [True]


@pytest.mark.parametrize(
    ("host", "port", "message"),
    [
        ("x86_64-conda-linux-gnu", 0, "HOST: 'x86_64-conda-linux-gnu' is no address of this machine"),
        ("x" * 70, 0, "HOST: "),
        ("192.0.2.1", 0, "HOST: this machine has no address 192.0.2.1:"),
        ("127.0.0.1", 1, "PORT: 127.0.0.1:"),
        ("::", 1, "PORT: 0.0.0.0:"),
    ],
)
def test_address_that_cannot_be_had_ends_the_start_and_is_named(
    tmp_path: Path, complete: dict[str, str], host: str, port: int, message: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1] if port else free_port()

        result = run_command(tmp_path, complete | {"HOST": host}, "serve", "--port", str(number))

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_every_address_is_every_address_of_both_protocols(
    live_database_url: str, start_server: StartServer, workers: str
) -> None:
    server = start_server(live_database_url, HOST="::", WORKERS=workers, TRUSTED_PROXIES="127.0.0.1")

    assert [_status(host, server.port) for host in ("127.0.0.1", "::1")] == [200, 200]
    await eventually(lambda: _listening(server) == [[f"0.0.0.0:{server.port}", f"[::]:{server.port}"]])
    same = ["198.51.100.1", "198.51.100.1:4711", "198.51.100.2, 198.51.100.1", "198.51.100.1, 127.0.0.1:80"]
    assert len(_clients(server, same)) == 1
    assert len(_clients(server, ["2001:db8::1", "[2001:db8::1]:4711", "[2001:db8::1]"])) == 1
    assert len(_clients(server, [*same, "2001:db8::1", "198.51.100.2:1"])) == 3


async def test_worker_that_dies_is_replaced_with_a_warning_that_names_the_cause(
    live_database_url: str, start_server: StartServer
) -> None:
    server = start_server(live_database_url, WORKERS="2")
    await eventually(lambda: len(_workers(server)) == 2)
    before = _workers(server)

    os.kill(before[0], signal.SIGKILL)
    await eventually(lambda: len({*_workers(server)} - {*before}) == 1)

    await eventually(lambda: _answers(server))
    assert server.stop() == 0
    warnings = [line for line in log_lines(server) if line["level"] == "warning"]
    assert [(line["event"], line["pid"], line["cause"]) for line in warnings] == [("worker died", before[0], "SIGKILL")]


def test_collector_rests_while_the_application_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Config, "load_app", lambda _config: gc.isenabled())

    assert ServerConfig("app.main:app").load_app() is False
    assert gc.isenabled()


def _workers(server: LiveServer) -> list[int]:
    """Those that run: one that has died is there until its end is seen."""
    return [child.pid for child in psutil.Process(server.process.pid).children() if _is_worker(child)]


def _is_worker(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and "spawn_main" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # it ended while it was looked at
        return False


def _listening(server: LiveServer) -> list[object]:
    return [line["addresses"] for line in log_lines(server) if line["event"] == "listening"]


def _clients(server: LiveServer, forwarded: list[str]) -> set[object]:
    answers = [exchange(server, request_of("GET /healthz", {"X-Forwarded-For": value})) for value in forwarded]
    return {lines_about(server, answer.headers["X-Request-ID"])[-1]["client"] for answer in answers}


def _answers(server: LiveServer) -> bool:
    try:
        return _status("127.0.0.1", server.port) == 200
    except OSError:  # it is busy, or not back yet
        return False


def _status(host: str, port: int) -> int:
    with closing(HTTPConnection(host, port, timeout=30)) as connection:
        connection.request("GET", "/healthz")
        with connection.getresponse() as answer:
            return answer.status
