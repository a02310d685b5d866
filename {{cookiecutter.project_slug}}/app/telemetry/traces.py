"""The provider of traces, and what ties a trace to the log and to problem documents."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from threading import Thread

import structlog
from opentelemetry import context, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.middleware.request_context import request_state
from app.telemetry.exporter import TIMEOUT_SECONDS
from app.telemetry.sampling import UNTRACED, OfRequests

MAX_QUEUE = 2048  # spans of each process that wait for the collector; what comes after them is dropped
# Spans live until they are sent, so with the usual thresholds Python takes them for long-lived and looks through everything, again and again.
_THRESHOLDS = (10_000, 20, 50)
_REQUEST_ID = b"x-request-id"
_PROPAGATOR = TraceContextTextMapPropagator()


class _WithoutQueries(SpanProcessor):
    """Take the query string out of each span: callers put what is private into it."""

    def on_start(self, span: Span, parent_context: object = None) -> None:  # noqa: ARG002 - OpenTelemetry's signature
        """Mask it before anybody reads it."""
        if span.attributes and "url.query" in span.attributes:
            span.set_attribute("url.query", "REDACTED")


@asynccontextmanager
async def traces_to(exporter: SpanExporter, *, ratio: float, resource: Resource) -> AsyncIterator[TracerProvider]:
    """Trace while the block runs. The end waits for the collector for its time limit, and no longer."""
    provider = TracerProvider(sampler=ParentBased(OfRequests(ratio)), resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(_WithoutQueries())
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=MAX_QUEUE))
    trace.set_tracer_provider(provider)
    before = gc.get_threshold()
    gc.set_threshold(*_THRESHOLDS)
    try:
        yield provider
    finally:
        gc.set_threshold(*before)
        ending = Thread(target=provider.shutdown, daemon=True)  # it would wait for half a minute
        ending.start()
        await asyncio.to_thread(ending.join, TIMEOUT_SECONDS)


@contextmanager
def continued(provider: TracerProvider, name: str, origin: Mapping[str, str]) -> Iterator[None]:
    """A span of work that was put off, in the trace whose `traceparent` was stored with it; the lines of its log have the id."""
    tracer, parent = provider.get_tracer("app.telemetry"), _PROPAGATOR.extract(origin)
    with tracer.start_as_current_span(
        name, parent, kind=SpanKind.CONSUMER, record_exception=False, set_status_on_exception=False
    ) as span:
        token = request_state.set({**request_state.get(), **_traceparent(span.get_span_context())})
        trace_id = trace.format_trace_id(span.get_span_context().trace_id)
        try:
            with structlog.contextvars.bound_contextvars(trace_id=trace_id):
                yield
        except Exception as error:
            span.set_attribute("error.type", type(error.__cause__ or error).__name__)
            span.set_status(StatusCode.ERROR)
            raise
        finally:
            request_state.reset(token)


def _traceparent(context: SpanContext) -> dict[str, str]:
    """What is stored with work that is put off. Written here: the propagator costs each request ten times as much."""
    ids = f"{trace.format_trace_id(context.trace_id)}-{trace.format_span_id(context.span_id)}"
    return {"traceparent": f"00-{ids}-{context.trace_flags:02x}"}


class TraceIds:
    """Write the id of the trace into each line of the log and each problem document; it is the request's id too, where the caller has not sent one."""

    def __init__(self, app: ASGIApp) -> None:
        self.wrapped = app  # as `RequestMetrics`

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one request, or one WebSocket."""
        untraced = scope.get(UNTRACED)
        span = NonRecordingSpan(untraced) if untraced else trace.get_current_span()
        ids = span.get_span_context()
        if not ids.is_valid:
            await self.wrapped(scope, receive, send)
            return
        trace_id = trace.format_trace_id(ids.trace_id)
        scope.setdefault("state", {}).update(_traceparent(ids), trace_id=trace_id)
        if all(name != _REQUEST_ID for name, _ in scope["headers"]):
            scope["headers"] = [*scope["headers"], (_REQUEST_ID, trace_id.encode())]
        token = context.attach(trace.set_span_in_context(span))
        bound = structlog.contextvars.bind_contextvars(trace_id=trace_id)
        try:
            await self.wrapped(scope, receive, send)
        finally:
            structlog.contextvars.reset_contextvars(**bound)
            context.detach(token)
