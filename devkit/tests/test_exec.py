"""`devkit exec`, `devkit psql` and `devkit reset-database`: other programs with the development database."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from devkit.tests.processes import SERVICE, eventually, kill, processes_with, read_line, start_devkit


@pytest.fixture(autouse=True)
def data(service: Path) -> Path:
    """Where the development database is."""
    return service / ".dev" / "postgres"


def _devkit(*arguments: str, database_url: str = "") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "service_devkit", *arguments]
    environment = os.environ | {
        "PATH": "/usr/bin:/bin",
        "DATABASE_URL": database_url,
        "DIRECT_URL": "postgresql://elsewhere/app",
    }
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own command


def test_command_gets_the_database_and_its_status_is_ours(folder: Path) -> None:
    done = _devkit("exec", "--", "sh", "-c", "echo $DATABASE_URL $DIRECT_URL; exit 7")

    url, direct_url = done.stdout.split()
    assert url.startswith("postgresql://app:")
    assert direct_url == url
    assert done.returncode == 7
    assert eventually(lambda: processes_with(folder) == [])


def test_migration_is_written_in_a_folder_of_any_name(service: Path) -> None:
    (service / "alembic").unlink()
    shutil.copytree(SERVICE / "alembic", service / "alembic")

    done = _devkit(
        "exec", "--", "sh", "-c", '"$0" -m app migrate && "$0" -m alembic revision --message one', sys.executable
    )

    assert done.returncode == 0, done.stderr
    assert len(list((service / "alembic" / "versions").glob("*_one.py"))) == 1


def test_given_database_is_used_as_it_is(data: Path) -> None:
    done = _devkit(
        "exec", "--", "sh", "-c", "echo $DATABASE_URL $DIRECT_URL", database_url="postgresql://db.example/app"
    )

    assert done.stdout == "postgresql://db.example/app postgresql://elsewhere/app\n"
    assert not data.exists()


def test_killed_command_leaves_no_server(folder: Path) -> None:
    process = start_devkit(
        "exec", "sh", "-c", "echo started; exec sleep 60", environment={**os.environ, "DATABASE_URL": ""}
    )
    assert read_line(process) == "started"
    assert processes_with(folder) != []

    kill(process)

    assert eventually(lambda: processes_with(folder) == [])


def test_unknown_command_is_an_error_and_leaves_no_server(folder: Path) -> None:
    done = _devkit("exec", "no-such-program")

    assert done.stderr == "Error: no-such-program: No such file or directory\n"
    assert done.returncode == 1
    assert processes_with(folder) == []


def test_psql_opens_the_database_without_showing_the_password(data: Path) -> None:
    done = _devkit("psql", "-tAc", "SELECT current_user || ' in ' || current_database()", "-c", r"\! ps -A -o args")

    assert done.stdout.startswith("app in app\n")
    assert (data / "password").read_text() not in done.stdout


def test_reset_asks_first(data: Path) -> None:
    _devkit("exec", "true")

    refused = _devkit("reset-database")
    kept = (data / "data").exists()
    agreed = _devkit("reset-database", "--yes")

    assert refused.returncode == 1
    assert kept
    assert agreed.stdout == "The development database is deleted.\n"
    assert not (data / "data").exists()


def test_reset_never_touches_a_given_database() -> None:
    done = _devkit("reset-database", "--yes", database_url="postgresql://db.example/app")

    assert done.returncode == 1
    assert (
        done.stderr == "Error: DATABASE_URL is set. Only the project's own database in .dev/postgres is ever deleted.\n"
    )


# What a shell may have for other servers; https://www.postgresql.org/docs/current/libpq-envars.html
FOR_OTHER_SERVERS = {
    "PGSSLMODE": "verify-full",
    "PGSSLNEGOTIATION": "direct",
    "PGSSLROOTCERT": "/no/such/file",
    "PGTARGETSESSIONATTRS": "standby",
    "PGHOST": "db.example",
    "PGHOSTADDR": "192.0.2.1",
    "PGPORT": "1",
    "PGUSER": "nobody",
    "PGDATABASE": "other",
    "PGOPTIONS": "-c search_path=other",
    "PGSERVICE": "other",
    "PGPASSFILE": "/no/such/file",
    "PGDATA": "/no/such/folder",
    "PGREQUIREAUTH": "none",
    "PGCONNECT_TIMEOUT": "x",
    "PGGSSLIB": "none",
    "PGMAXPROTOCOLVERSION": "1",
}


@pytest.mark.parametrize("name", ["PGSSLMODE", "PGTARGETSESSIONATTRS", "PGOPTIONS", "all of them"])
def test_settings_for_other_servers_do_not_reach_our_own(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for each, value in FOR_OTHER_SERVERS.items():
        if name in {each, "all of them"}:
            monkeypatch.setenv(each, value)

    migrated = _devkit("exec", "--", sys.executable, "-m", "app", "migrate")
    asked = _devkit("psql", "-tAc", "SELECT count(*) FROM alembic_version")

    assert (migrated.returncode, migrated.stdout) == (0, "migrated to head\n"), migrated.stderr
    assert (asked.returncode, asked.stdout) == (0, "1\n"), asked.stderr


def test_settings_for_other_servers_stay_with_a_given_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", "require")

    done = _devkit("exec", "--", "sh", "-c", "echo $PGSSLMODE", database_url="postgresql://db.example/app")

    assert done.stdout == "require\n"


@pytest.mark.usefixtures("folder")
def test_wrong_setting_is_named_without_its_value() -> None:
    done = _devkit("exec", "--", "true", database_url="postgresql://u:hunter2@h/app?surprise=1")

    assert done.returncode == 1
    assert done.stderr.startswith("Error: DATABASE_URL: ")
    assert "surprise" in done.stderr
    assert "hunter2" not in done.stderr


def test_mistake_in_the_env_file_is_reported_with_its_line(service: Path) -> None:
    (service / ".env").write_text("PORT=1\nno value\n", encoding="utf-8")

    done = _devkit("exec", "--", "true")

    assert done.stderr == "Error: .env, line 2: is not NAME=VALUE; a value over several lines needs quotes\n"
