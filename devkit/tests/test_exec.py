"""`dev exec`, `dev psql` and `dev reset-database`: other programs with the development database."""

import os
import subprocess
import sys
from pathlib import Path

from devkit.tests.processes import ROOT, eventually, kill, processes_with, read_line, start_python
from devkit.tests.test_run import DEV


def _dev(folder: Path, *arguments: str, database_url: str = "") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", DEV, str(folder), *arguments]
    environment = os.environ | {
        "PATH": "/usr/bin:/bin",
        "DATABASE_URL": database_url,
        "DIRECT_URL": "postgresql://elsewhere/app",
    }
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own command


def test_command_gets_the_database_and_its_status_is_ours(folder: Path) -> None:
    done = _dev(folder, "exec", "--", "sh", "-c", "echo $DATABASE_URL $DIRECT_URL; exit 7")

    url, direct_url = done.stdout.split()
    assert url.startswith("postgresql://app:")
    assert direct_url == url
    assert done.returncode == 7
    assert eventually(lambda: processes_with(folder) == [])


def test_given_database_is_used_as_it_is(folder: Path) -> None:
    done = _dev(
        folder, "exec", "--", "sh", "-c", "echo $DATABASE_URL $DIRECT_URL", database_url="postgresql://db.example/app"
    )

    assert done.stdout == "postgresql://db.example/app postgresql://elsewhere/app\n"
    assert not (folder / "postgres").exists()


def test_killed_command_leaves_no_server(folder: Path) -> None:
    process = start_python(
        DEV, folder, "exec", "sh", "-c", "echo started; exec sleep 60", environment={**os.environ, "DATABASE_URL": ""}
    )
    assert read_line(process) == "started"
    assert processes_with(folder) != []

    kill(process)

    assert eventually(lambda: processes_with(folder) == [])


def test_unknown_command_is_an_error_and_leaves_no_server(folder: Path) -> None:
    done = _dev(folder, "exec", "no-such-program")

    assert done.stderr == "Error: no-such-program: No such file or directory\n"
    assert done.returncode == 1
    assert processes_with(folder) == []


def test_psql_opens_the_database_without_showing_the_password(folder: Path) -> None:
    done = _dev(
        folder, "psql", "-tAc", "SELECT current_user || ' in ' || current_database()", "-c", r"\! ps -A -o args"
    )

    assert done.stdout.startswith("app in app\n")
    assert (folder / "postgres" / "password").read_text() not in done.stdout


def test_reset_asks_first(folder: Path) -> None:
    _dev(folder, "exec", "true")

    refused = _dev(folder, "reset-database")
    kept = (folder / "postgres" / "data").exists()
    agreed = _dev(folder, "reset-database", "--yes")

    assert refused.returncode == 1
    assert kept
    assert agreed.stdout == "The development database is deleted.\n"
    assert not (folder / "postgres" / "data").exists()


def test_reset_never_touches_a_given_database(folder: Path) -> None:
    done = _dev(folder, "reset-database", "--yes", database_url="postgresql://db.example/app")

    assert done.returncode == 1
    assert (
        done.stderr == "Error: DATABASE_URL is set. Only the project's own database in .dev/postgres is ever deleted.\n"
    )
