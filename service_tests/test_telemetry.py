"""A collector that is away, hangs or refuses: no request notices, and the end of the process does not wait for it."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

import pytest
from service_devkit.fixtures.server import LiveServer, StartServer
from service_devkit.postgres.server import free_port

from tests.mechanism.support import client_of, eventually, log_lines, under_load
from tests.plugins.collector import run_collector

pytestmark = pytest.mark.live

DRAIN = 1.0
EXPORT = 2.0  # what one export may take, app/telemetry/exporter.py
BUSY = 3.0  # what a busy machine adds


@contextmanager
def away() -> Iterator[str]:
    """Nobody listens."""
    yield f"http://127.0.0.1:{free_port()}"


@contextmanager
def hung() -> Iterator[str]:
    """It takes connections and spans, and answers nothing."""
    with run_collector() as collector:
        collector.answering.clear()
        yield collector.url


@contextmanager
def refusing() -> Iterator[str]:
    """It answers that it has too much to do."""
    with run_collector() as collector:
        collector.status = 503
        yield collector.url


def warnings_of(server: LiveServer) -> int:
    """How often the log says that traces are not taken."""
    return [line["event"] for line in log_lines(server)].count("traces are not taken")


@pytest.mark.parametrize("collecting", [away, hung, refusing])
async def test_collector_that_fails_fails_no_request_and_holds_no_end(
    live_database_url: str,
    start_server: StartServer,
    ada: Mapping[str, str],
    collecting: Callable[[], AbstractContextManager[str]],
) -> None:
    with collecting() as url:
        settings = {"TRACES_RATIO": "1", "DRAIN_SECONDS": str(DRAIN), "RATE_LIMIT": "1000000/minute"}
        often = {"OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "16"}
        server = start_server(live_database_url, OTEL_EXPORTER_OTLP_ENDPOINT=url, **settings, **often)
        async with client_of(server, ada) as client, under_load(client) as load:
            await eventually(lambda: warnings_of(server) > 0 and len(load.answers) > 100, within=40)
        started = time.monotonic()
        status, seconds = server.stop(), time.monotonic() - started

    assert (load.statuses, load.unanswered) == ({200}, [])
    assert status == 0
    assert DRAIN <= seconds < DRAIN + EXPORT + BUSY
    assert warnings_of(server) == 1  # one a minute, however many batches are lost
