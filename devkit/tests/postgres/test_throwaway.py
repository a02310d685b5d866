"""The server for tests: it can be broken on purpose, and nothing of it remains."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from devkit.tests.processes import eventually, kill, processes_with, read_line, start_python

from service_devkit.postgres.binaries import NoPostgresError
from service_devkit.postgres.throwaway import ThrowawayCluster

# On disk, in the folder that is given: there, initdb takes long enough to be interrupted.
HOLD_A_CLUSTER = """
import sys, tempfile, time
from service_devkit.postgres import throwaway
tempfile.tempdir = sys.argv[1]
throwaway.folder_in_memory = lambda: None
with throwaway.ThrowawayCluster() as cluster:
    print(cluster.directory, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def cluster() -> Iterator[ThrowawayCluster]:
    with ThrowawayCluster() as cluster:
        yield cluster


async def _write(cluster: ThrowawayCluster) -> None:
    connection = await asyncpg.connect(cluster.url())
    await connection.execute("CREATE TABLE notes AS SELECT 'kept' AS note")
    await connection.close()


async def _read(cluster: ThrowawayCluster) -> str:
    connection = await asyncpg.connect(cluster.url())
    note = await connection.fetchval("SELECT note FROM notes")
    await connection.close()
    return str(note)


async def test_nothing_remains_after_use() -> None:
    with ThrowawayCluster() as cluster:
        await _write(cluster)

    assert not cluster.directory.exists()
    assert processes_with(cluster.directory) == []


async def test_password_is_needed(cluster: ThrowawayCluster) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(host="127.0.0.1", port=cluster.port, user="postgres", password="guess")


async def test_case_is_that_of_unicode(cluster: ThrowawayCluster) -> None:
    connection = await asyncpg.connect(cluster.url())
    lowered = await connection.fetchval("SELECT lower('ÉTÉ')")
    await connection.close()

    assert lowered == "été"


async def test_stopped_server_comes_back_with_its_data(cluster: ThrowawayCluster) -> None:
    await _write(cluster)

    cluster.stop()
    with pytest.raises(ConnectionRefusedError):
        await _read(cluster)
    cluster.start()

    assert await _read(cluster) == "kept"


async def test_killed_server_comes_back_with_what_it_confirmed(cluster: ThrowawayCluster) -> None:
    await _write(cluster)

    cluster.kill()
    with pytest.raises(ConnectionRefusedError):
        await _read(cluster)
    cluster.start()

    assert await _read(cluster) == "kept"


async def test_frozen_server_keeps_connections_and_answers_when_thawed(cluster: ThrowawayCluster) -> None:
    connection = await asyncpg.connect(cluster.url())

    cluster.freeze()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(answer := asyncio.ensure_future(connection.fetchval("SELECT 1"))), 0.3)
    cluster.thaw()

    assert await answer == 1
    await connection.close()


def test_frozen_server_ends_with_its_owner() -> None:
    with ThrowawayCluster() as cluster:
        cluster.freeze()
        started = time.monotonic()

    assert time.monotonic() - started < 25  # not after the patience for one that ends by itself
    assert processes_with(cluster.directory) == []


def test_killed_server_cannot_be_killed_again(cluster: ThrowawayCluster) -> None:
    cluster.kill()

    with pytest.raises(NoPostgresError, match="The server does not run"):
        cluster.kill()


def test_server_that_cannot_start_says_why(cluster: ThrowawayCluster) -> None:
    cluster.stop()
    (cluster.data / "postgresql.auto.conf").write_text("no_such_setting = 1\n")

    with pytest.raises(NoPostgresError, match='unrecognized configuration parameter "no_such_setting"'):
        cluster.start()


def test_killed_owner_leaves_no_server_and_no_folder(tmp_path: Path) -> None:
    owner = start_python(HOLD_A_CLUSTER, tmp_path)
    directory = Path(read_line(owner))
    assert directory.is_dir()
    assert processes_with(directory) != []

    kill(owner)

    assert eventually(lambda: not directory.exists())
    assert eventually(lambda: processes_with(directory) == [])


def test_owner_killed_during_initdb_leaves_nothing(tmp_path: Path) -> None:
    owner = start_python(HOLD_A_CLUSTER, tmp_path)
    assert eventually(lambda: any("bin/initdb" in command for command in processes_with(tmp_path)))

    kill(owner)

    assert eventually(lambda: not any("guard.py" in command for command in processes_with(tmp_path)))
    assert processes_with(tmp_path) == []
    assert list(tmp_path.iterdir()) == []
