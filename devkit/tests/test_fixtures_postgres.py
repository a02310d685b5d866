"""The plugin that gives tests their PostgreSQL, seen from outside: whole test runs in a process of their own."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest
from click.testing import CliRunner
from devkit.tests.processes import SERVICE, eventually, listens

from service_devkit.fixtures.postgres import execute
from service_devkit.postgres.throwaway import ThrowawayCluster
from service_devkit.reset_database import reset_database

WITHOUT_DATABASE = "def test_plain():\n    pass\n"
WITH_DATABASE = """
import asyncpg, os, pathlib, time
async def test_database(database_url, fresh_database_url):
    for url in (database_url, fresh_database_url):
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("SELECT count(*) FROM users") == 0
        await connection.close()
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    pathlib.Path(__file__).with_name(worker).write_text(database_url)
    time.sleep(float(os.environ.get("LINGER", "0")))
"""
CONFIGURATION = "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = session\nasyncio_default_test_loop_scope = session\n"
# Other plugins that happen to be installed only cost time.
PLUGINS = ("-p", "xdist.plugin", "-p", "pytest_asyncio.plugin", "-p", "service_devkit.fixtures.postgres")


def _start(folder: Path, test: str, *options: str, **variables: str) -> "subprocess.Popen[str]":
    (folder / "test_inner.py").write_text(test)
    (folder / "pytest.ini").write_text(CONFIGURATION)
    command = [sys.executable, "-m", "pytest", *PLUGINS, f"--rootdir={folder}", f"-c={folder}/pytest.ini"]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DATABASE_"))}
    return subprocess.Popen(  # noqa: S603 - our own tests
        [*command, *options, str(folder)],
        cwd=SERVICE,
        env=inherited | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} | variables,
        stdout=subprocess.PIPE,
        text=True,
    )


def run_tests(folder: Path, test: str, *options: str, **variables: str) -> tuple[int, str]:
    """The exit status of a run of these tests in the service, and what it prints."""
    process = _start(folder, test, *options, **variables)
    output, _ = process.communicate()
    return process.returncode, output


def _install_telltale(folder: Path) -> Path:
    """PostgreSQL programs that only tell that they ran."""
    (folder / "bin").mkdir()
    for name in ("initdb", "postgres"):
        (folder / "bin" / name).write_text(f"#!/bin/sh\ntouch {folder}/started\nexit 1\n")
        (folder / "bin" / name).chmod(0o755)
    return folder / "bin"


def _port(url: str) -> int:
    return int(url.rsplit(":", 1)[1].split("/", maxsplit=1)[0])


async def _databases(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("SELECT datname FROM pg_database WHERE NOT datistemplate")
    await connection.close()
    return {row["datname"] for row in rows}


@pytest.mark.parametrize("workers", ["0", "1"])
def test_tests_that_need_no_database_start_none(tmp_path: Path, workers: str) -> None:
    telltale = _install_telltale(tmp_path)

    status, _ = run_tests(tmp_path, WITHOUT_DATABASE, "-n", workers, PG_BIN=str(telltale))

    assert status == 0
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize("workers", ["0", "1"])
def test_missing_postgres_fails_the_test_and_says_what_to_do(tmp_path: Path, workers: str) -> None:
    status, output = run_tests(tmp_path, WITH_DATABASE, "-n", workers, PG_BIN=str(tmp_path))

    assert status == 1
    assert f"There is no database to test on. PG_BIN is {tmp_path}, which holds no initdb and postgres." in output


@pytest.mark.parametrize("url", ["postgresql://db.example/production", "postgresql://db.example/"])
def test_database_that_is_not_for_tests_is_refused(tmp_path: Path, url: str) -> None:
    status, output = run_tests(tmp_path, WITH_DATABASE, DATABASE_URL=url)

    assert status == 1
    assert "Tests only touch a server through a database whose name ends in _test" in output


def test_each_worker_has_a_database_of_its_own_on_one_server(tmp_path: Path) -> None:
    status, output = run_tests(tmp_path, WITH_DATABASE, "-n", "2", "--dist", "each")

    assert status == 0, output
    first, second = ((tmp_path / name).read_text().rsplit("/", 1) for name in ("gw0", "gw1"))
    assert first[0] == second[0]
    assert first[1] != second[1]
    assert not listens(_port(first[0]))


def test_given_server_is_left_as_it_was(tmp_path: Path) -> None:
    with ThrowawayCluster() as cluster:
        asyncio.run(_create(cluster.url(), "app_test"))
        url = cluster.url("app_test").replace("postgresql://", "postgresql+asyncpg://")

        status, output = run_tests(tmp_path, WITH_DATABASE, DATABASE_URL=url)

        assert status == 0, output
        assert asyncio.run(_databases(cluster.url())) == {"postgres", "app_test"}


async def _create(url: str, database: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(f"CREATE DATABASE {database}")
    await connection.close()


@pytest.mark.parametrize(("workers", "worker"), [("0", "main"), ("1", "gw0")])
def test_killed_run_leaves_no_server(tmp_path: Path, workers: str, worker: str) -> None:
    process = _start(tmp_path, WITH_DATABASE, "-n", workers, LINGER="2")
    assert eventually((tmp_path / worker).exists, within=30)
    port = _port((tmp_path / worker).read_text())
    assert listens(port)

    process.kill()
    process.communicate()

    assert eventually(lambda: not listens(port))


@pytest.mark.parametrize("workers", ["0", "1"])
def test_settings_for_other_servers_do_not_reach_the_tests(tmp_path: Path, workers: str) -> None:
    variables = {"PGSSLMODE": "verify-full", "PGTARGETSESSIONATTRS": "standby", "PGSERVICE": "other"}

    status, output = run_tests(tmp_path, WITH_DATABASE, "-n", workers, **variables)

    assert status == 0, output


SERVER_OF_ITS_OWN = """
import asyncpg
async def test_server(postgres_server):
    connection = await asyncpg.connect(postgres_server.url())
    assert await connection.fetchval("SELECT count(*) FROM alembic_version") == 1
    await connection.close()
"""


def test_server_of_one_test_is_migrated(tmp_path: Path) -> None:
    status, output = run_tests(tmp_path, SERVER_OF_ITS_OWN)

    assert status == 0, output


def test_what_killed_runs_left_is_deleted_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    left = ("run_0a1b2c3d_test", "run_0a1b2c3d_gw1_test")
    kept = ("run_ffffffff_test", "run_ffffffff_gw0_test", "run_test", "service_test")
    monkeypatch.chdir(SERVICE)
    with ThrowawayCluster() as cluster:
        for name in (*left, *kept):
            asyncio.run(execute(cluster.url(), f"CREATE DATABASE {name}"))
        monkeypatch.setenv("DATABASE_URL", cluster.url("service_test"))

        async def reset_while_a_run_is_connected() -> str:
            connection = await asyncpg.connect(cluster.url("run_ffffffff_gw0_test"))
            done = await asyncio.to_thread(CliRunner().invoke, reset_database, ["--test", "--yes"])
            await connection.close()
            return done.output

        said = asyncio.run(reset_while_a_run_is_connected())
        asked = "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname LIKE '%test'"
        there = asyncio.run(_fetchval(cluster.url(), asked))
    monkeypatch.delenv("DATABASE_URL")

    assert said == "2 databases of test runs are deleted.\n"
    assert there == " ".join(sorted(kept))
    assert "nothing to reset" in CliRunner().invoke(reset_database, ["--test"]).output


async def _fetchval(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()
