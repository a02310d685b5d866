"""What the database does: a span for each statement of a traced request, and gauges of the pool."""

import re
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode, TracerProvider
from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy import event
from sqlalchemy.engine import Connection, ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPICursor, ExecutionContext

_LITERAL = re.compile(r"'(?:[^']|'')*'|\b\d+\b(?!::)")
_SPAN = "telemetry_span"


def trace_statements(engine: AsyncEngine, provider: TracerProvider) -> None:
    """Give each statement of a traced request a span, without the values: parameters are not looked at, literals are masked."""
    tracer = provider.get_tracer("app.telemetry")

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def begin(
        _connection: Connection,
        _cursor: "DBAPICursor",
        statement: str,
        _parameters: object,
        context: "ExecutionContext",
        _many: bool,
    ) -> None:
        if trace.get_current_span().is_recording():
            text = _LITERAL.sub("?", statement)
            operation = text.split(None, 1)[0].upper() if text.strip() else "QUERY"
            attributes = {"db.system.name": "postgresql", "db.operation.name": operation, "db.query.text": text}
            span = tracer.start_span(operation, kind=SpanKind.CLIENT, attributes=attributes)
            setattr(context, _SPAN, span)

    @event.listens_for(engine.sync_engine, "after_cursor_execute")
    def end(
        _connection: Connection,
        _cursor: "DBAPICursor",
        _statement: str,
        _parameters: object,
        context: "ExecutionContext",
        _many: bool,
    ) -> None:
        if span := getattr(context, _SPAN, None):
            span.end()

    @event.listens_for(engine.sync_engine, "handle_error")
    def fail(context: ExceptionContext) -> None:
        if span := getattr(context.execution_context, _SPAN, None):
            span.set_attribute("error.type", type(context.original_exception).__name__)
            span.set_status(StatusCode.ERROR)
            span.end()


def measure_pool(engine: AsyncEngine, registry: CollectorRegistry) -> None:
    """Show how many connections are in use, how many are idle, and how many there may be."""
    pool = engine.sync_engine.pool
    if not isinstance(pool, QueuePool):
        return
    connections = Gauge("db_client_connection_count", "Connections to the database.", ["state"], registry=registry)
    connections.labels("used").set_function(pool.checkedout)
    connections.labels("idle").set_function(pool.checkedin)
    limit = Gauge("db_client_connection_max", "How many connections there may be.", registry=registry)
    limit.set_function(lambda: pool.size() + pool._max_overflow)  # noqa: SLF001 - shown nowhere else
