"""A collector that is away, hangs or refuses: no request notices, and the end of the process does not wait for it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from service_devkit.fixtures.server import LiveServer, StartServer
from service_devkit.postgres.server import free_port
from service_devkit.project import find_root
from websockets.asyncio.client import connect

from tests.mechanism.support import PATIENCE, client_of, connection_to, eventually, log_lines, under_load
from tests.plugins.collector import Collector, run_collector

pytestmark = pytest.mark.live

DRAIN = 1.0
EXPORT = 2.0  # what one export may take, app/telemetry/exporter.py
BUSY = 3.0  # what a busy machine adds
TRACE = "0af7651916cd43dd8448eb211c80319c"
SAMPLED = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
OFTEN = {"OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "16"}


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
        server = start_server(live_database_url, OTEL_EXPORTER_OTLP_ENDPOINT=url, **settings, **OFTEN)
        async with client_of(server, ada) as client, under_load(client) as load:
            await eventually(lambda: warnings_of(server) > 0 and len(load.answers) > 100)
        started = time.monotonic()
        status, seconds = server.stop(), time.monotonic() - started

    assert (load.statuses, load.unanswered) == ({200}, [])
    assert status == 0
    assert DRAIN <= seconds < DRAIN + EXPORT + BUSY
    assert warnings_of(server) == 1  # one a minute, however many batches are lost


@contextmanager
def worker(module: str, folder: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    """A worker in a process of its own, and the file that it writes its log to."""
    output = folder / "worker"
    given = {**os.environ, "PYTHONPATH": str(find_root()), "ENVIRONMENT": "test", **environment}
    with output.open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", module, "worker"], cwd=folder, env=given, stdout=log)  # noqa: S603 - ours
    try:
        yield output
    finally:
        process.terminate()
        process.wait(PATIENCE)


async def test_jobs_continue_the_trace_of_the_request_that_enqueued_them(
    live_database_url: str, start_server: StartServer, collector: Collector, tmp_path: Path
) -> None:
    pytest.importorskip("app.jobs.engine.port", exc_type=ImportError)  # nothing is enqueued without jobs
    given = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "TRACES_RATIO": "0", **OFTEN}
    module = "tests.mechanism.jobs_traced"
    server = start_server(live_database_url, module=module, **given)

    with worker(module, tmp_path, {"DATABASE_URL": live_database_url, **given}) as output:
        async with client_of(server) as client:
            answer = await client.post("/api/v1/calls", params={"url": collector.url}, headers=SAMPLED)
        await eventually(lambda: bool(collector.named("__main__.fail_for_good")))

    [request] = collector.named("POST /api/v1/calls")
    [job], [last] = collector.named("__main__.call"), collector.named("__main__.fail_for_good")
    of_the_job = {span.name for span in collector.spans if span.parent_span_id == job.span_id}
    lines = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
    assert answer.status_code == 202
    assert (job.parent_span_id, last.parent_span_id) == (request.span_id, job.span_id)
    assert {span.trace_id.hex() for span in collector.spans} == {TRACE}
    assert {"SELECT", "POST"} <= of_the_job
    assert (job.status.code, last.status.code) == (0, 2)
    assert {line["trace_id"] for line in lines if line["event"] == "job"} == {TRACE}
    assert not [span for span in collector.spans if "private" in str(span)]


async def test_answers_of_the_cache_are_counted(fresh_database_url: str, start_server: StartServer) -> None:
    pytest.importorskip("app.redis", exc_type=ImportError)  # the cached list that is asked is the one of docs/redis.md
    async with connection_to(fresh_database_url) as database:
        await database.execute("CREATE SEQUENCE arrivals; CREATE SEQUENCE computations")
    port = free_port()
    server = start_server(fresh_database_url, module="tests.mechanism.redis_page", METRICS_PORT=str(port))

    async with client_of(server) as client:
        answers = [(await client.get("/api/v1/courses")).status_code for _ in range(3)]
        page = (await client.get(f"http://127.0.0.1:{port}/metrics")).text

    counted = {each.labels["result"]: each.value for each in samples(page, "cache_requests")}
    assert answers == [200] * 3
    assert counted == {"hit": 2, "stale": 0, "miss": 1}


def samples(page: str, name: str) -> list[Sample]:
    """What a page of metrics says of one."""
    families = text_string_to_metric_families(page)
    return [sample for family in families if family.name == name for sample in family.samples]


async def test_live_connections_are_spans_for_as_long_as_they_last(
    live_database_url: str, start_server: StartServer, collector: Collector, ada: Mapping[str, str]
) -> None:
    pytest.importorskip("app.live", exc_type=ImportError)  # nobody is connected where nobody signs in
    port = free_port()
    given = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "METRICS_PORT": str(port), **OFTEN}
    server = start_server(live_database_url, **given)
    caller = {**ada, **SAMPLED}

    async with (
        client_of(server, caller) as client,
        client.stream("GET", "/api/v1/live") as stream,
        connect(f"ws://127.0.0.1:{server.port}/api/v1/live", additional_headers=caller),
    ):
        pieces = stream.aiter_bytes()  # kept: one that is let go closes the stream
        await anext(pieces)
        metrics = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
        while_open = [span.name for span in collector.spans if span.name.endswith("/live")]
    await eventually(lambda: len([each for each in collector.spans if each.name.endswith("/live")]) == 2)
    server.stop()

    names = {span.name for span in collector.spans if span.name.endswith("/live")}
    ends = [line.get("trace_id") for line in log_lines(server) if line["event"] == "live connection ended"]
    assert (while_open, names) == ([], {"GET /api/v1/live", "WS /api/v1/live"})
    assert ends == [TRACE, TRACE]
    assert [line.split()[-1] for line in metrics.splitlines() if line.startswith("live_connections{")] == ["2.0"]
