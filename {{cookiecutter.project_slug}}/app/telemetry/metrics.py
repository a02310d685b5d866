"""How many requests there are and how long they take, and the port where Prometheus reads it.

Counted here: the framework hands three values of each request to OpenTelemetry's SDK, which costs nine times as much.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from time import perf_counter

from prometheus_client import (
    CollectorRegistry,
    Gauge,
    GCCollector,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
_METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)


class RequestMetrics:
    """Measure each HTTP request: by method, the route's template and status, so that no caller can make a series.

    It takes as long as the log says. Callers who leave before there is an answer have no status.
    """

    def __init__(
        self,
        app: ASGIApp,
        registry: CollectorRegistry,
        *,
        route_of: Callable[[Scope], str | None],
        leaves_out: Callable[[Scope], bool],
    ) -> None:
        active = Gauge(
            "http_server_active_requests", "Requests that are answered now.", ["http_request_method"], registry=registry
        )
        duration = Histogram(
            "http_server_request_duration_seconds",
            "Duration of requests.",
            ["http_request_method", "http_route", "http_response_status_code"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.wrapped = app  # not `app`: the framework would look through all that is wrapped, for each request
        self.route_of = route_of
        self.leaves_out = leaves_out
        self.active = cache(active.labels)
        self.duration = cache(duration.labels)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one request."""
        if scope["type"] != "http" or self.leaves_out(scope):
            await self.wrapped(scope, receive, send)
            return
        status: int | None = None

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        active = self.active(method)
        active.inc()
        started = perf_counter()
        try:
            await self.wrapped(scope, receive, send_and_note)
        finally:
            active.dec()
            self.duration(method, self.route_of(scope) or "", status or "").observe(perf_counter() - started)


@contextmanager
def metrics_at(host: str, port: int, *, service: str, version: str) -> Iterator[CollectorRegistry]:
    """Serve `/metrics` while the block runs, in a thread of its own.

    Raises:
        OSError: the port cannot be had.
    """
    disable_created_metrics()  # type: ignore[no-untyped-call] # series of when a series began, which no panel reads
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    GCCollector(registry)
    Info("target", "What is measured.", registry=registry).info({"service_name": service, "service_version": version})
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise OSError(f"METRICS_PORT {port} of {host}: {error.strerror}") from error
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
