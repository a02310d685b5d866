"""A log that cannot be written changes no answer, and is reported where it can be."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx2
import pytest
from service_devkit.fixtures.server import LiveServer
from service_devkit.postgres.server import free_port

from tests.mechanism.support import ME, client_of, eventually
from tests.plugins.environment import ROOT

pytestmark = pytest.mark.live

Start = Callable[..., LiveServer]


@pytest.fixture
def start(tmp_path: Path, live_database_url: str, sign_in_settings: Mapping[str, str]) -> Iterator[Start]:
    """`start(stdout, limit=None, WORKERS="2")`: a server whose log goes there, and whose files may have `limit` bytes."""
    with ExitStack() as stack:

        def start(stdout: int | None, *, limit: int | None = None, **settings: str) -> LiveServer:
            port = free_port()
            secrets = {name.upper(): value for name, value in sign_in_settings.items()}
            given = {"ENVIRONMENT": "test", "DATABASE_URL": live_database_url, "PYTHONPATH": str(ROOT), **secrets}
            errors = stack.enter_context((tmp_path / "errors").open("wb"))

            def prepare() -> None:
                if stdout is None:
                    os.close(1)
                if limit is not None:
                    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

            command = [sys.executable, "-m", "app", "serve", "--port", str(port)]
            # Without coverage, whose own file would be cut short by the limit.
            kept = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
            environment = {**kept, "PYTHONDONTWRITEBYTECODE": "1", **given, **settings}
            process = subprocess.Popen(  # noqa: S603 - our own command
                command,
                cwd=tmp_path,
                env=environment,
                stdout=stdout,
                stderr=errors,
                preexec_fn=prepare,  # noqa: PLW1509 - no threads here
            )
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
            return LiveServer(f"http://127.0.0.1:{port}", process, tmp_path / "errors")

        yield start


async def _answers(client: httpx2.AsyncClient) -> bool:
    with suppress(httpx2.TransportError):
        return (await client.get("/healthz")).status_code == 200
    return False


async def _assert_it_works(server: LiveServer, ada: Mapping[str, str], *, requests: int = 20) -> None:
    async with client_of(server, ada) as client:
        await eventually(lambda: _answers(client))
        for _ in range(requests):
            statuses = [(await client.get(path)).status_code for path in (ME, "/nowhere", "/healthz")]
            assert statuses == [200, 404, 200]


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_full_disk_changes_no_answer_and_is_reported_once(
    start: Start, ada: Mapping[str, str], tmp_path: Path, workers: str
) -> None:
    with (tmp_path / "log").open("wb") as log:
        server = start(log.fileno(), limit=3000, WORKERS=workers)

        await _assert_it_works(server, ada)
        status = server.stop()

    reported = [json.loads(line) for line in server.lines()]
    assert status == 0
    assert (tmp_path / "log").stat().st_size == 3000
    assert {line["event"] for line in reported} == {"log cannot be written"}
    assert {line["cause"] for line in reported} == {"File too large"}
    assert len(reported) <= int(workers) + 1  # once for each process


async def test_reader_that_went_away_changes_no_answer(start: Start, ada: Mapping[str, str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    server = start(writer)
    os.close(writer)

    await _assert_it_works(server, ada)

    assert server.stop() == 0
    assert [json.loads(line)["cause"] for line in server.lines()] == ["Broken pipe"]


async def test_no_standard_output_changes_no_answer(start: Start, ada: Mapping[str, str]) -> None:
    server = start(None)

    await _assert_it_works(server, ada)

    assert server.stop() == 0
    assert server.lines() == []


@pytest.mark.parametrize("blocking", [True, False])
async def test_pipe_that_nobody_reads_stops_nothing(start: Start, ada: Mapping[str, str], blocking: bool) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, blocking)
    server = start(writer)
    os.close(writer)

    await _assert_it_works(server, ada, requests=120)

    assert server.stop() == 0
    os.close(reader)
