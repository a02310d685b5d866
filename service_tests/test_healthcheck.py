"""`python -m app healthcheck`: what supervisors see of the running server."""

import socket
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
from click.testing import CliRunner, Result
from service_devkit.fixtures.server import LiveServer, StartServer
from service_devkit.postgres.server import free_port

from app.cli.healthcheck import healthcheck
from tests.mechanism.support import connection_to

pytestmark = pytest.mark.live

Ask = Callable[..., Result]


@pytest.fixture
def ask(sign_in_settings: Mapping[str, str]) -> Ask:
    """`ask(8000, "--ready", HOST="::")` runs the command beside a server on that port."""
    secrets = {name.upper(): value for name, value in sign_in_settings.items()}

    def ask(port: int, *arguments: str, **settings: str) -> Result:
        return CliRunner().invoke(healthcheck, arguments, env=secrets | {"PORT": str(port)} | settings)

    return ask


@pytest.mark.parametrize("arguments", [[], ["--ready"]], ids=str)
def test_healthy_server_is_well(live_server: LiveServer, ask: Ask, arguments: list[str]) -> None:
    result = ask(live_server.port, *arguments)

    assert (result.exit_code, result.output) == (0, f"{'/readyz' if arguments else '/healthz'} answers 200\n")


def test_server_that_listens_on_every_address_is_found(live_server: LiveServer, ask: Ask) -> None:
    result = ask(live_server.port, HOST="0.0.0.0")  # noqa: S104 - what a server listens on

    assert result.exit_code == 0, result.output


def test_nobody_who_listens_is_not_well(ask: Ask) -> None:
    port = free_port()

    result = ask(port, HOST="::")

    assert result.exit_code == 1
    assert result.output.startswith(f"Error: ::1:{port} does not answer: ")


async def test_database_that_is_behind_is_alive_but_not_ready(
    fresh_database_url: str, start_server: StartServer, ask: Ask
) -> None:
    server = start_server(fresh_database_url)
    async with connection_to(fresh_database_url) as connection:
        await connection.execute("DELETE FROM alembic_version")

    alive, ready = ask(server.port), ask(server.port, "--ready")

    assert (alive.exit_code, ready.exit_code) == (0, 1)
    assert ready.output == "Error: /readyz answers 503\n"


def test_server_that_hangs_is_not_well(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.core.probe.TIMEOUT_SECONDS", 0.1)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        result = ask(silent.getsockname()[1])

    assert result.exit_code == 1
    assert result.output.endswith("does not answer: timed out\n")


@pytest.mark.parametrize("greeting", ["SSH-2.0-fake", "HTTP/1.1", "HTTP/"])
def test_something_that_is_no_http_server_is_not_well(ask: Ask, greeting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, ThreadPoolExecutor(1) as pool:
        greeted = pool.submit(_greet, other, greeting)
        result = ask(other.getsockname()[1])
        greeted.result()

    assert result.exit_code == 1
    assert result.output.endswith(f"does not answer: {greeting}\n")


def _greet(other: socket.socket, greeting: str) -> None:
    connection, _ = other.accept()
    with connection:
        connection.recv(1000)
        connection.sendall(greeting.encode() + b"\r\n")
