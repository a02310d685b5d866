"""The server for development: its data last, its processes do not."""

import asyncio
import os
import socket
from pathlib import Path

import asyncpg
import pytest
from devkit.tests.processes import eventually, kill, processes_with, read_line, start_python

from service_devkit.postgres import server
from service_devkit.postgres.binaries import NoPostgresError
from service_devkit.postgres.development import DevelopmentCluster

USE_THE_CLUSTER = """
import sys, time
from pathlib import Path
from service_devkit.postgres.development import DevelopmentCluster
with DevelopmentCluster(Path(sys.argv[1])) as cluster:
    print(cluster.url, flush=True)
    time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def folder(folder: Path) -> Path:
    """Longer than the path of a Unix socket may be, and with characters that a shell would trip over."""
    return folder / ("a long name, " * 8) / "{ braces }" / "postgres"


def _ask(url: str, statement: str) -> object:
    async def ask() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(ask())


def _server_pid(folder: Path) -> int | None:
    postmaster = server.running_postmaster(folder / "data")
    return postmaster.pid if postmaster else None


def test_data_and_port_last(folder: Path) -> None:
    with DevelopmentCluster(folder) as cluster:
        first_url = cluster.url
        _ask(first_url, "CREATE TABLE notes AS SELECT 'kept' AS note")

    with DevelopmentCluster(folder) as cluster:
        assert cluster.url == first_url
        assert _ask(cluster.url, "SELECT note FROM notes") == "kept"
    assert processes_with(folder) == []


def test_role_of_the_service_is_no_superuser(folder: Path) -> None:
    with DevelopmentCluster(folder) as cluster:
        assert _ask(cluster.url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False


def test_data_are_safe_from_a_crash_of_the_machine(folder: Path) -> None:
    with DevelopmentCluster(folder) as cluster:
        assert _ask(cluster.url, "SHOW fsync") == "on"
        assert _ask(cluster.url, "SHOW full_page_writes") == "on"


def test_missing_database_is_made_again(folder: Path) -> None:
    with DevelopmentCluster(folder) as cluster:
        superuser = cluster.url.replace("//app:", "//postgres:").replace("/app", "/postgres")
        _ask(superuser, "DROP DATABASE app WITH (FORCE)")

    with DevelopmentCluster(folder) as cluster:
        assert _ask(cluster.url, "SELECT current_database()") == "app"


def test_running_server_is_shared_and_lives_as_long_as_its_last_user(folder: Path) -> None:
    starter = start_python(USE_THE_CLUSTER, folder, 60)
    url = read_line(starter)
    pid = _server_pid(folder)

    with DevelopmentCluster(folder) as second:
        assert second.url == url
        assert _server_pid(folder) == pid
        kill(starter)
        assert not eventually(lambda: _server_pid(folder) != pid, within=1)
        assert _ask(second.url, "SELECT 1") == 1

    assert _server_pid(folder) is None
    assert eventually(lambda: processes_with(folder) == [])


def test_killed_user_leaves_no_server_and_all_data(folder: Path) -> None:
    user = start_python(USE_THE_CLUSTER, folder, 60)
    _ask(read_line(user), "CREATE TABLE notes AS SELECT 'kept' AS note")

    kill(user)

    assert eventually(lambda: processes_with(folder) == [])
    assert "database system is shut down" in (folder / "log").read_text()
    with DevelopmentCluster(folder) as cluster:
        assert _ask(cluster.url, "SELECT note FROM notes") == "kept"


def test_users_that_come_at_once_share_one_server(folder: Path) -> None:
    users = [start_python(USE_THE_CLUSTER, folder, 1) for _ in range(4)]

    urls = {read_line(user) for user in users}
    for user in users:
        user.communicate()

    assert len(urls) == 1
    assert [user.returncode for user in users] == [0, 0, 0, 0]
    assert eventually(lambda: processes_with(folder) == [])


def test_user_killed_during_initdb_leaves_nothing_half_made(folder: Path) -> None:
    user = start_python(USE_THE_CLUSTER, folder, 60)
    assert eventually(lambda: any("bin/initdb" in command for command in processes_with(folder)))

    kill(user)

    assert eventually(lambda: processes_with(folder) == [])
    assert sorted(path.name for path in folder.iterdir()) == ["log", "password", "start.lock", "users.lock"]
    with DevelopmentCluster(folder) as cluster:
        assert _ask(cluster.url, "SELECT 1") == 1


@pytest.mark.parametrize("pid", [os.getpid(), 2**22 + 1], ids=["of another process", "of none"])
def test_stale_pid_file_is_no_obstacle(folder: Path, pid: int) -> None:
    with DevelopmentCluster(folder):
        lines = (folder / "data" / "postmaster.pid").read_text().splitlines()
    (folder / "data" / "postmaster.pid").write_text("\n".join([str(pid), *lines[1:]]) + "\n")

    with DevelopmentCluster(folder) as cluster:
        assert _ask(cluster.url, "SELECT 1") == 1


def test_pid_file_of_another_projects_server_is_no_obstacle(folder: Path) -> None:
    with DevelopmentCluster(folder.parent / "other"), DevelopmentCluster(folder):
        lines = (folder / "data" / "postmaster.pid").read_text().splitlines()
        other = (folder.parent / "other" / "data" / "postmaster.pid").read_text().splitlines()[0]

    with DevelopmentCluster(folder.parent / "other") as living:
        other = (folder.parent / "other" / "data" / "postmaster.pid").read_text().splitlines()[0]
        (folder / "data" / "postmaster.pid").write_text("\n".join([other, *lines[1:]]) + "\n")
        with DevelopmentCluster(folder) as cluster:
            assert _ask(cluster.url, "SELECT 1") == 1
        assert _ask(living.url, "SELECT 1") == 1


@pytest.mark.parametrize("content", [b"", b"\n", b"12", b"no number\n/elsewhere\n", b"\0" * 40, b"1\n2\n3\nx\n"])
def test_pid_file_that_a_crash_left_half_written_is_no_obstacle(folder: Path, content: bytes) -> None:
    with DevelopmentCluster(folder) as cluster:
        _ask(cluster.url, "CREATE TABLE notes AS SELECT 'kept' AS note")
    (folder / "data" / "postmaster.pid").write_bytes(content)

    with DevelopmentCluster(folder) as cluster:
        assert _ask(cluster.url, "SELECT note FROM notes") == "kept"


def test_project_that_was_renamed_keeps_its_data(folder: Path) -> None:
    with DevelopmentCluster(folder) as cluster:
        _ask(cluster.url, "CREATE TABLE notes AS SELECT 'kept' AS note")

    renamed = folder.parent.rename(folder.parent.with_name("renamed")) / folder.name

    with DevelopmentCluster(renamed) as cluster:
        assert _ask(cluster.url, "SELECT note FROM notes") == "kept"
    assert processes_with(renamed) == []


def test_project_that_is_renamed_while_it_runs_shares_its_server(folder: Path) -> None:
    user = start_python(USE_THE_CLUSTER, folder, 60)
    url = read_line(user)

    renamed = folder.parent.rename(folder.parent.with_name("renamed")) / folder.name

    with DevelopmentCluster(renamed) as second:
        assert second.url == url
        assert _ask(second.url, "SELECT 1") == 1
    kill(user)
    assert eventually(lambda: processes_with(folder) == [])


@pytest.mark.parametrize("end", ["killed", "left"])
def test_project_that_is_renamed_while_it_runs_leaves_no_server(folder: Path, end: str) -> None:
    user = start_python(USE_THE_CLUSTER, folder, 60 if end == "killed" else 2)
    read_line(user)

    renamed = folder.parent.rename(folder.parent.with_name("renamed")) / folder.name
    kill(user) if end == "killed" else user.communicate()

    assert eventually(lambda: processes_with(folder) == [])
    with DevelopmentCluster(renamed) as cluster:
        assert _ask(cluster.url, "SELECT 1") == 1


@pytest.mark.parametrize("name", ["100%", "%(here)s", "%%", "%s", "a 'b' \"c\" $d"])
def test_name_of_the_project_has_no_meaning(tmp_path: Path, name: str) -> None:
    with DevelopmentCluster(tmp_path / name) as cluster:
        assert _ask(cluster.url, "SELECT 1") == 1


def test_data_of_another_version_are_left_alone(folder: Path) -> None:
    with DevelopmentCluster(folder):
        pass
    (folder / "data" / "PG_VERSION").write_text("12\n")

    with pytest.raises(NoPostgresError) as refusal, DevelopmentCluster(folder):
        pass

    assert "is of PostgreSQL 12, the programs in" in refusal.value.message
    assert "Set PG_BIN to the programs of PostgreSQL 12, or start again: devkit reset-database" in refusal.value.message


def test_taken_port_is_replaced(folder: Path) -> None:
    with DevelopmentCluster(folder) as cluster:
        usual = cluster.url
    port = int(usual.rsplit(":", 1)[1].split("/")[0])

    with socket.create_server(("127.0.0.1", port)), DevelopmentCluster(folder) as cluster:
        assert cluster.url != usual
        assert _ask(cluster.url, "SELECT 1") == 1


def test_deleted_data_are_gone(folder: Path) -> None:
    with DevelopmentCluster(folder) as cluster:
        _ask(cluster.url, "CREATE TABLE notes ()")

    DevelopmentCluster(folder).delete()

    with DevelopmentCluster(folder) as cluster:
        assert _ask(cluster.url, "SELECT to_regclass('notes')") is None


def test_data_in_use_are_not_deleted(folder: Path) -> None:
    with DevelopmentCluster(folder) as cluster:
        with pytest.raises(NoPostgresError, match="The database is in use"):
            DevelopmentCluster(folder).delete()

        assert _ask(cluster.url, "SELECT 1") == 1
