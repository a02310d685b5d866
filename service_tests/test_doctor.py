"""`python -m app doctor` finds what is missing, and says how to fix it."""

import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from service_devkit.postgres.server import free_port

from tests.mechanism.support import connection_to, run_command

pytestmark = pytest.mark.live


def doctor(folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Ask the doctor."""
    return run_command(folder, {"PORT": str(free_port()), **environment}, "doctor")


def test_doctor_finds_nothing_where_all_is_well(tmp_path: Path, live_database_url: str) -> None:
    port = str(free_port())

    result = doctor(tmp_path, {"DATABASE_URL": live_database_url, "PORT": port})

    assert result.stdout == f"ok   settings (development)\nok   database\nok   migrations\nok   port {port}\n"
    assert (result.returncode, result.stderr) == (0, "")


def test_doctor_finds_that_no_database_is_set(tmp_path: Path) -> None:
    result = doctor(tmp_path, {})

    assert result.returncode == 1
    assert "BAD  database\n     DATABASE_URL is not set; `just dev` brings a database" in result.stdout
    assert result.stderr == ""


def test_doctor_finds_that_the_database_is_down_and_the_port_taken(tmp_path: Path) -> None:
    url = f"postgresql://service:hidden-from-all@127.0.0.1:{free_port()}/service"

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = doctor(tmp_path, {"DATABASE_URL": url, "PORT": str(port)})

    assert result.returncode == 1
    assert "nothing listens there: start PostgreSQL, or correct host and port of DATABASE_URL\n" in result.stdout
    assert (
        f"BAD  port {port}\n     PORT: 127.0.0.1:{port} is in use. Stop what listens there, or set another PORT.\n"
        in result.stdout
    )
    assert "hidden-from-all" not in result.stdout + result.stderr
    assert "Traceback" not in result.stderr


async def test_doctor_finds_that_migrations_are_behind(tmp_path: Path, fresh_database_url: str) -> None:
    async with connection_to(fresh_database_url) as connection:
        await connection.execute("DELETE FROM alembic_version")

    result = doctor(tmp_path, {"DATABASE_URL": fresh_database_url})

    assert result.returncode == 1
    assert "ok   database\nBAD  migrations\n     run `just migrate`\n" in result.stdout


def test_doctor_finds_wrong_settings(tmp_path: Path) -> None:
    result = doctor(tmp_path, {"ENVIRONMENT": "nowhere", "LOG_LEVEL": "loud"})

    assert result.returncode == 1
    assert "BAD  settings" in result.stdout
    assert "ENVIRONMENT" in result.stdout
    assert "LOG_LEVEL" in result.stdout
    assert "Traceback" not in result.stderr
