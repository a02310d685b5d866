"""SIGTERM at any moment, also before the service has imported itself, ends a command in time; so does it for the first process of a container."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from service_devkit.postgres.server import free_port
from service_devkit.postgres.throwaway import ThrowawayCluster

from tests.conftest import Bake
from tests.dockerfile import why_not_here
from tests.project import OURS_ALONE, Project
from tests.variants import Variant

REASON = why_not_here()
FIRST_PROCESS = ("unshare", "--pid", "--fork", "--kill-child")
ENDS_WITHIN = 10  # Docker kills then
TURN = "SELECT pg_advisory_lock(7316291047)"  # as alembic/env.py
WAITS = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()"
SLOW = '''"""Take a minute."""

import sqlalchemy as sa
from alembic import op

revision: str = "ffffffffffff"
down_revision: str | None = "{head}"


def upgrade() -> None:
    """Make a table, and take a minute over it."""
    op.create_table("slow", sa.Column("id", sa.Integer()))
    op.execute("SELECT pg_sleep(60)")


def downgrade() -> None:
    """Drop it."""
    op.drop_table("slow")
'''


@pytest.fixture(scope="module")
def cluster() -> Iterator[ThrowawayCluster]:
    """A PostgreSQL for these tests."""
    with ThrowawayCluster() as cluster:
        yield cluster


class Command:
    """A command of a service, started."""

    def __init__(
        self, service: Project, commands: Path, url: str, *arguments: str, first_process: bool = False
    ) -> None:
        ours = {name: value for name, value in os.environ.items() if name not in OURS_ALONE}
        settings = {"DATABASE_URL": url, "PORT": str(free_port()), "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [*(FIRST_PROCESS if first_process else ()), commands / "python", "-m", "app", *arguments],
            cwd=service.root,
            env={**ours, **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._is_child = first_process

    @property
    def pid(self) -> int:
        """Of the command, not of what made it the first process."""
        if not self._is_child:
            return self.process.pid
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        wait_until(lambda: bool(children.read_text().split()))
        return int(children.read_text().split()[0])

    def handles_sigterm(self) -> bool:
        """Whether the signal would be delivered to it."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        (caught,) = (line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
        return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)

    def stop(self) -> tuple[int, str]:
        """Its exit status and output; it has as long as Docker gives it."""
        os.kill(self.pid, signal.SIGTERM)
        try:
            output, _ = self.process.communicate(timeout=ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return self.process.returncode, output


def wait_until(condition: Callable[[], bool], *, within: float = 60) -> None:
    """Look again and again."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "still not so"
        time.sleep(0.002)


def ask(url: str, statement: str) -> object:
    """The first value of a statement."""

    async def fetch() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(fetch())


@pytest.mark.parametrize(
    "first_process",
    [
        False,
        pytest.param(
            True, marks=pytest.mark.skipif(REASON is not None, reason=f"NOT TRIED AS THE FIRST PROCESS: {REASON}")
        ),
    ],
)
@pytest.mark.parametrize(
    "seconds", [0, 0.05, 0.2, 0.5, 0.8, 1.5]
)  # since it handles the signal: imports, settings, the application, serving
@pytest.mark.parametrize("workers", ["1", "2"])
def test_server_that_is_asked_to_stop_while_it_starts_ends_well(
    baked: Callable[[Variant], Project],
    service_commands: Path,
    cluster: ThrowawayCluster,
    monkeypatch: pytest.MonkeyPatch,
    workers: str,
    seconds: float,
    first_process: bool,
) -> None:
    monkeypatch.setenv("WORKERS", workers)
    server = Command(baked({"docker": True}), service_commands, cluster.url(), "serve", first_process=first_process)
    wait_until(server.handles_sigterm)
    time.sleep(seconds)

    status, output = server.stop()

    assert status == 0, output
    assert "Traceback" not in output


@pytest.mark.parametrize(("command", "expected"), [("serve", 0), ("worker", 0), ("migrate", 1)])
def test_command_is_ready_for_the_signal_before_it_imports_the_service(
    service_commands: Path, baked: Callable[[Variant], Project], cluster: ThrowawayCluster, command: str, expected: int
) -> None:
    started = Command(baked({"docker": True, "jobs": True}), service_commands, cluster.url(), command)
    wait_until(started.handles_sigterm)

    mapped = Path(f"/proc/{started.pid}/maps").read_text(encoding="utf-8")
    status, output = started.stop()

    assert "pydantic_core" not in mapped
    assert (status, output) == (expected, "")


def test_migration_that_is_asked_to_stop_leaves_no_half_of_a_revision(
    bake: Bake, service_commands: Path, cluster: ThrowawayCluster
) -> None:
    service = bake()
    made = service.run(service_commands / "python", "-m", "app", "migrate", DATABASE_URL=cluster.url())
    head = ask(cluster.url(), "SELECT version_num FROM alembic_version")
    (service.root / "alembic/versions/20300101_ffffffffffff_take_a_minute.py").write_text(SLOW.format(head=head))
    migration = Command(service, service_commands, cluster.url(), "migrate")
    wait_until(lambda: ask(cluster.url(), WAITS) == 1)

    status, output = migration.stop()

    assert made.returncode == 0, made.stdout
    assert (status, output.splitlines()[-1][:15]) == (1, "Error: stopped."), output
    assert "Traceback" not in output
    assert ask(cluster.url(), "SELECT to_regclass('slow')") is None
    assert ask(cluster.url(), "SELECT version_num FROM alembic_version") == head
    wait_until(lambda: ask(cluster.url(), WAITS) == 0, within=5)


def test_migration_that_waits_for_its_turn_can_be_asked_to_stop(
    baked: Callable[[Variant], Project], service_commands: Path, cluster: ThrowawayCluster
) -> None:
    async def while_another_migrates() -> tuple[int, str]:
        connection = await asyncpg.connect(cluster.url())
        await connection.execute(TURN)
        try:
            migration = Command(baked({"docker": True}), service_commands, cluster.url(), "migrate")
            assert migration.process.stdout
            first = await asyncio.to_thread(migration.process.stdout.readline)
            status, output = await asyncio.to_thread(migration.stop)
            return status, first + output
        finally:
            await connection.close()

    status, output = asyncio.run(while_another_migrates())

    assert "another migration is running, waiting" in output
    assert (status, output.splitlines()[-1][:15]) == (1, "Error: stopped."), output
    assert "Traceback" not in output
