"""`devkit run`: one command from an empty checkout to a service that answers, and nothing left of it afterwards."""

import os
import re
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from devkit.tests.processes import eventually, kill, listens, processes_with, read_line, start_devkit

from service_devkit.postgres.server import free_port

pytestmark = [pytest.mark.timeout(180), pytest.mark.usefixtures("service")]


def _environment(**variables: str) -> Mapping[str, str]:
    """Without the developer's own database, which `.env` may name too."""
    return {**os.environ, "DATABASE_URL": "", "DIRECT_URL": "", **variables}


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """`start("run", DATABASE_URL="...")` runs the command; what still runs at the end of the test is ended."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object, **variables: str) -> "subprocess.Popen[str]":
        started.append(start_devkit(*arguments, environment=_environment(**variables)))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.communicate()


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def _start_service(start: Start) -> tuple["subprocess.Popen[str]", int]:
    port = free_port()
    process = start("run", "--port", port)
    assert eventually(lambda: _answers(port), within=90)
    return process, port


def test_first_run_says_what_it_does_and_serves_until_interrupted(folder: Path, start: Start) -> None:
    process, port = _start_service(start)
    said = [read_line(process) for _ in range(6)]

    process.send_signal(signal.SIGINT)
    process.communicate()

    assert said[0] == "settings: .env created, with development secrets"
    assert said[1].startswith("database: 127.0.0.1:")
    assert said[1].endswith("/app (embedded, data in .dev/postgres)")
    assert re.fullmatch(r"redis: 127\.0\.0\.1:\d+/0 \(embedded, in memory\)", said[2])
    assert said[3] == "migrated to head"
    assert said[4] == f"docs: http://127.0.0.1:{port}/docs"
    assert said[5] == f"server: http://127.0.0.1:{port} (reloads when code changes; Ctrl-C stops everything)"
    assert process.returncode == 0
    assert processes_with(folder) == []


def test_settings_that_lack_secrets_get_them_and_keep_what_they_have(service: Path, start: Start) -> None:
    (service / ".env").write_text("COMPOSE_PROJECT_NAME=two\n")

    process = start("run", "--port", free_port())
    said = read_line(process)
    process.terminate()
    process.communicate()

    text = (service / ".env").read_text()
    assert said.startswith("settings: added to .env: ")
    assert text.startswith("COMPOSE_PROJECT_NAME=two\n")
    assert "\nSECRET_KEY=" in text


def test_asked_to_end_it_ends_the_server_first_and_the_database_last(folder: Path, service: Path, start: Start) -> None:
    process, port = _start_service(start)

    process.terminate()
    process.communicate()

    assert process.returncode == 0
    assert not _answers(port)
    assert processes_with(folder) == []
    assert "database system is shut down" in (service / ".dev" / "postgres" / "log").read_text()


def test_what_the_service_names_runs_beside_the_server_and_ends_with_it(
    folder: Path, service: Path, start: Start
) -> None:
    configuration = (service / "pyproject.toml").read_text(encoding="utf-8")
    (service / "pyproject.toml").unlink()
    beside = 'beside-the-server = ["serve --port 1 --no-such-option", "healthcheck", "serve --port {port}"]'
    other = free_port()
    configuration = re.sub(r"^beside-the-server = .*$", "", configuration, flags=re.MULTILINE)
    named = configuration.replace("[tool.devkit]\n", f"[tool.devkit]\n{beside.format(port=other)}\n")
    (service / "pyproject.toml").write_text(named, encoding="utf-8")

    process, _ = _start_service(start)
    assert eventually(lambda: _answers(other), within=90)
    process.terminate()
    said, _ = process.communicate()

    assert f"beside it: python -m app serve --port {other}\n" in said
    assert process.returncode == 0
    assert processes_with(folder) == []
    assert not listens(other)


def test_killed_it_leaves_neither_server_nor_database(folder: Path, start: Start) -> None:
    process, port = _start_service(start)
    assert processes_with(f"--port {port}") != []

    kill(process)

    assert eventually(lambda: processes_with(f"--port {port}") == [])
    assert eventually(lambda: processes_with(folder) == [])
    assert eventually(lambda: not listens(port))


def test_status_of_the_server_is_that_of_the_command(folder: Path, start: Start) -> None:
    process = start("run", "--no-such-option")

    said, _ = process.communicate()

    assert process.returncode == 2
    assert "server: http://" in said
    assert processes_with(folder) == []


def test_server_does_not_start_on_a_database_without_its_migrations(service: Path, start: Start) -> None:
    nobody = free_port()
    process = start("run", DATABASE_URL=f"postgresql://app:hunter2@127.0.0.1:{nobody}/app")

    said, _ = process.communicate()

    assert process.returncode != 0
    assert f"database: 127.0.0.1:{nobody}/app (DATABASE_URL)" in said
    assert "server:" not in said
    assert "hunter2" not in said
    assert not (service / ".dev").exists()
