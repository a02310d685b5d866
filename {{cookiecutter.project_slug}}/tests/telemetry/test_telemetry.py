"""Traces at a real collector and metrics at their port, of the real server."""

import json
import re
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final
from unittest.mock import Mock

import httpx2
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.sampling import Decision, ParentBased
from opentelemetry.trace import SpanKind, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from service_devkit.fixtures.server import LiveServer, StartServer
from service_devkit.monitoring import alerts, exposed, expressions, unknown
from service_devkit.postgres.server import free_port
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from starlette.types import Receive, Scope, Send

from app.core.settings import ConfigurationError, load_settings
from app.db.database import Database
from app.telemetry.database import trace_statements
from app.telemetry.exporter import OtlpExporter
from app.telemetry.metrics import RequestMetrics
from app.telemetry.outgoing import trace_outgoing
from app.telemetry.sampling import OfRequests, Sampling
from app.telemetry.traces import TraceIds
from tests.plugins.collector import Collector

pytestmark = pytest.mark.live

ROOT: Final = Path(__file__).parents[2]
ALERTS: Final = ROOT / "deploy" / "monitoring" / "alerts.yaml"
DASHBOARD: Final = ALERTS.with_name("dashboard.json")
ME = "/api/v1/users/me"
SignIn = Callable[[str], dict[str, str]]
SAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def ask(server: LiveServer, path: str, headers: Mapping[str, str]) -> httpx2.Response:
    """One request."""
    return httpx2.get(server.url + path, headers=dict(headers), timeout=30)


def lines_of(server: LiveServer) -> list[dict[str, object]]:
    """The lines of the requests in its log."""
    lines = [json.loads(line) for line in server.lines()]
    return [line for line in lines if line["event"] == "request"]


def test_request_and_its_statements_are_one_trace_without_values(
    live_database_url: str, start_server: StartServer, collector: Collector, sign_in: SignIn
) -> None:
    server = start_server(live_database_url, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, TRACES_RATIO="1")

    answers = [ask(server, f"{ME}?q=visibly-private", sign_in("Visibly Private")) for _ in range(2)]
    ended = server.stop()

    requests = collector.named(f"GET {ME}")
    statements = [[span for span in collector.spans if span.parent_span_id == each.span_id] for each in requests]
    line = [line for line in lines_of(server) if line["route"] == ME][-1]
    request, answer = requests[-1], answers[-1]
    assert ([each.status_code for each in answers], ended) == ([200, 200], 0)
    # A new connection asks how PostgreSQL is set: SHOW.
    assert {span.name for each in statements for span in each} <= {"SELECT", "INSERT", "UPDATE", "SHOW"}
    # The first writes, where somebody new signs in; the second does nothing but read.
    assert [{span.trace_id for span in each} for each in statements] == [{each.trace_id} for each in requests]
    assert answer.headers["X-Request-ID"] == line["trace_id"] == line["request_id"] == request.trace_id.hex()
    assert not [span for span in collector.spans if "private" in str(span).lower()]


async def test_each_statement_is_a_span_and_the_one_that_fails_says_so(
    committing_database: Database, collector: Collector
) -> None:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(OtlpExporter(collector.url)))
    reader = committing_database.reader
    trace_statements(reader.engine, provider)
    await reader.run(lambda connection: connection.exec_driver_sql("CREATE TABLE held (number int)"))

    with provider.get_tracer("test").start_as_current_span("work") as work, pytest.raises(DBAPIError):
        async with committing_database.session() as session:
            await session.execute(text("INSERT INTO held VALUES (:number)"), [{"number": 71}, {"number": 72}])
        await reader.run(lambda connection: connection.exec_driver_sql("SELECT 73 / 0"))

    insert, select, _ = collector.spans
    attributes = {each.key: each.value.string_value for each in select.attributes}
    assert [span.name for span in collector.spans] == ["INSERT", "SELECT", "work"]  # what no trace asked for is none
    assert {span.trace_id.hex() for span in collector.spans} == {format_trace_id(work.get_span_context().trace_id)}
    assert (insert.status.code, select.status.code) == (0, 2)
    assert (attributes["db.query.text"], attributes["error.type"]) == ("SELECT ? / ?", "DivisionByZeroError")
    assert not [span for span in collector.spans if re.search("7[123]", str(span.attributes))]


def test_batch_that_is_encoded_in_parts_arrives_whole(collector: Collector) -> None:
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OtlpExporter(collector.url)))
    names = [f"work {number}" for number in range(100)]

    for name in names:
        provider.get_tracer("test").start_span(name).end()
    provider.shutdown()

    assert [span.name for span in collector.spans] == names


def test_no_proxy_and_no_redirect_is_between_the_service_and_its_collector(
    monkeypatch: pytest.MonkeyPatch, collector: Collector, logs: list[dict[str, object]]
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(OtlpExporter(collector.url)))

    provider.get_tracer("test").start_span("arrives").end()
    collector.status, collector.location = 302, collector.url
    provider.get_tracer("test").start_span("does not").end()

    assert [span.name for span in collector.spans] == ["arrives"]
    assert [(line["event"], line["cause"]) for line in logs] == [("traces are not taken", "HTTP Error 302: Found")]


def test_spans_that_wait_do_not_keep_the_garbage_collector_busy(
    live_database_url: str, start_server: StartServer, collector: Collector
) -> None:
    port = free_port()
    traces = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "TRACES_RATIO": "1", "OTEL_BSP_SCHEDULE_DELAY": "60000"}
    server = start_server(live_database_url, METRICS_PORT=str(port), RATE_LIMIT="10000/minute", **traces)

    def rounds() -> float:
        families = text_string_to_metric_families(httpx2.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text)
        [family] = [family for family in families if family.name == "python_gc_collections"]
        return sum(sample.value for sample in family.samples)

    before = rounds()
    with httpx2.Client(timeout=30) as client:
        for _ in range(400):
            client.get(f"{server.url}/nowhere")

    assert rounds() - before < 3  # eight with the thresholds that Python has by itself


def test_problem_names_its_trace_and_probes_have_none(
    live_database_url: str, start_server: StartServer, collector: Collector
) -> None:
    server = start_server(live_database_url, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, TRACES_RATIO="1")

    problem = ask(server, "/nowhere", {}).json()
    ask(server, "/readyz", {})
    named = ask(server, "/nowhere", {"X-Request-ID": "mine"}).json()
    server.stop()

    first, second = (span.trace_id.hex() for span in collector.spans)
    assert (problem["request_id"], problem["trace_id"]) == (first, first)
    assert (named["request_id"], named["trace_id"]) == ("mine", second)
    assert [span.name for span in collector.spans] == ["GET", "GET"]


def test_share_is_taken_of_requests_whose_caller_has_not_decided(
    live_database_url: str, start_server: StartServer, collector: Collector
) -> None:
    server = start_server(live_database_url, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, TRACES_RATIO="0")

    ask(server, "/nowhere", {})
    ask(server, "/nowhere", {"traceparent": SAMPLED})
    server.stop()

    first, second = lines_of(server)[-2:]
    assert [span.trace_id.hex() for span in collector.spans] == [SAMPLED.split("-")[1]] == [second["trace_id"]]
    assert first["trace_id"] != second["trace_id"]  # the log of a request that is not traced has one too


def test_metrics_have_a_port_of_their_own_and_labels_of_the_contract_alone(
    live_database_url: str, start_server: StartServer, sign_in: SignIn
) -> None:
    port = free_port()
    server = start_server(live_database_url, METRICS_PORT=str(port), RATE_LIMIT="1/hour")

    for number in range(30):
        ask(server, f"/nowhere/{number}?q={number}", {"User-Agent": str(number), "X-Request-ID": str(number)})
    httpx2.request("PROPFIND", f"{server.url}/nowhere", timeout=30)
    answers = [ask(server, ME, sign_in("Ada")).status_code for _ in range(2)]
    page = httpx2.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text

    samples = {
        family.name: [sample.labels for sample in family.samples if not sample.name.endswith("_bucket")]
        for family in text_string_to_metric_families(page)
    }
    requests = samples["http_server_request_duration_seconds"]
    assert {label["http_route"] for label in requests} == {"", ME}
    assert answers == [200, 429]
    # What there is not, by two methods, and the two answers of one route.
    assert len({tuple(label.items()) for label in requests}) == 4
    assert {label["http_request_method"] for label in requests} == {"GET", "_OTHER"}
    assert {label["http_request_method"] for label in samples["http_server_active_requests"]} == {"GET", "_OTHER"}
    assert {label["state"] for label in samples["db_client_connection_count"]} == {"used", "idle"}
    assert 'rate_limit_refusals_total{limit="request",part="limiter"} 1.0' in page
    assert ask(server, "/metrics", {}).status_code == 404
    assert unknown(exposed(page), expressions(ALERTS, DASHBOARD)) == []


async def test_request_is_active_until_it_has_ended() -> None:
    registry = CollectorRegistry()

    def active() -> float | None:
        return registry.get_sample_value("http_server_active_requests", {"http_request_method": "_OTHER"})

    async def answer(_scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(active())
        raise LookupError

    seen: list[float | None] = []
    measured = RequestMetrics(answer, registry, route_of=lambda _scope: None, leaves_out=lambda _scope: False)
    with pytest.raises(LookupError):
        await measured({"type": "http", "method": "BREW"}, Mock(), Mock())

    assert [*seen, active()] == [1, 0]


@pytest.mark.parametrize(
    ("ratio", "sent", "decided"),
    [
        (0, {}, "00"),
        (1, {}, None),
        (1, {"traceparent": SAMPLED[:-1] + "0", "tracestate": "vendor=1"}, "00"),
        (0, {"traceparent": SAMPLED}, None),
        (0, {"traceparent": "nonsense"}, "00"),
    ],
    ids=str,
)
async def test_decision_about_a_request_goes_along_with_what_it_asks_others(
    ratio: float, sent: Mapping[str, str], decided: str | None
) -> None:
    headers = [(name.encode(), value.encode()) for name, value in sent.items()]
    scope: MutableMapping[str, Any] = {"type": "http", "headers": headers}
    asked: dict[str, str] = {}

    async def ask_another(scope: Scope, _receive: Receive, _send: Send) -> None:
        TraceContextTextMapPropagator().inject(asked)
        assert scope["state"].get("traceparent") == asked.get("traceparent")

    left_out = Sampling(ratio).leaves_out(scope)
    if left_out:
        await TraceIds(ask_another)(scope, Mock(), Mock())

    assert left_out is (decided is not None)
    assert asked.get("traceparent", "").rpartition("-")[2] == (decided or "")
    assert asked.get("tracestate") == sent.get("tracestate")
    assert left_out is False or asked["traceparent"].split("-")[1].encode() == dict(scope["headers"])[b"x-request-id"]


def test_work_that_begins_by_itself_is_sampled_too() -> None:
    sampler = ParentBased(OfRequests(0))

    decisions = {kind: sampler.should_sample(None, 1, "work", kind).decision for kind in SpanKind}

    taken = [kind for kind, decision in decisions.items() if decision is Decision.RECORD_AND_SAMPLE]
    assert taken == [SpanKind.SERVER]  # whose share was taken before


async def test_request_to_another_service_is_a_span_and_takes_its_trace_along(collector: Collector) -> None:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(OtlpExporter(collector.url)))
    with trace_outgoing(provider), provider.get_tracer("test").start_as_current_span("work") as work:
        async with httpx2.AsyncClient(trust_env=False) as client:
            await client.post(f"{collector.url}/visibly-secret?key=visibly-secret")
            with pytest.raises(httpx2.ConnectError):
                await client.get(f"http://127.0.0.1:{free_port()}")

    [sent], [failed] = collector.named("POST"), collector.named("GET")
    attributes = {each.key: each.value.string_value or each.value.int_value for each in sent.attributes}
    trace_id = format_trace_id(work.get_span_context().trace_id)
    assert collector.headers[0]["traceparent"].startswith(f"00-{trace_id}-{sent.span_id.hex()}-")
    assert attributes == {
        "http.request.method": "POST",
        "server.address": "127.0.0.1",
        "server.port": int(collector.url.rpartition(":")[2]),
        "http.response.status_code": 200,
    }
    assert [(each.key, each.value.string_value) for each in failed.attributes][-1] == ("error.type", "ConnectError")
    assert not [span for span in collector.spans if "secret" in str(span)]
    assert httpx2.AsyncHTTPTransport.handle_async_request.__module__.startswith("httpx2")  # as it was


def test_page_says_what_to_do_about_each_alert() -> None:
    page = (ROOT / "docs" / "telemetry.md").read_text("utf-8")

    assert [alert for alert in alerts(ALERTS) if f"| `{alert}` |" not in page] == []


@pytest.mark.parametrize(
    ("settings", "refusal"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT: must be http://"),
        ({"METRICS_PORT": "9464", "WORKERS": "2"}, "METRICS_PORT: needs WORKERS=1"),
        ({"METRICS_PORT": "9464", "PORT": "9464"}, "METRICS_PORT: must be another port"),
        ({"TRACES_RATIO": "2"}, "TRACES_RATIO"),
    ],
    ids=str,
)
def test_setting_that_cannot_work_is_refused(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], refusal: str
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(ConfigurationError, match=refusal):
        load_settings()


def test_settings_are_off_until_they_are_set() -> None:
    settings = load_settings()

    assert (settings.otel_exporter_otlp_endpoint, settings.metrics_port) == (None, None)
