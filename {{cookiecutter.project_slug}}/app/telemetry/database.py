"""What the database does: a span for each statement of a traced request, and gauges of the pool."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode, TracerProvider
from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPICursor, ExecutionContext

_LITERAL = re.compile(r"'(?:[^']|'')*'|\b\d+\b(?!::)")


def trace_statements(engine: AsyncEngine, provider: TracerProvider) -> None:
    """Give each statement of a traced request a span, without the values: parameters are not looked at, literals are masked."""
    tracer = provider.get_tracer("app.telemetry")

    def traced(name: str) -> None:
        # Events of the dialect: they reach every engine that is made of this one, and cost a statement that is not traced the least.
        @event.listens_for(engine.sync_engine, name)
        def execute(
            cursor: "DBAPICursor", statement: str, parameters: object, context: "ExecutionContext"
        ) -> Literal[True] | None:
            if not trace.get_current_span().is_recording():
                return None
            operation, text = _masked(statement)
            attributes = {"db.system.name": "postgresql", "db.operation.name": operation, "db.query.text": text}
            span = tracer.start_span(operation, kind=SpanKind.CLIENT, attributes=attributes)
            try:
                getattr(context.dialect, name)(cursor, statement, parameters, context)
            except BaseException as error:
                span.set_attribute("error.type", type(error.__cause__ or error).__name__)  # the one of asyncpg
                span.set_status(StatusCode.ERROR)
                raise
            finally:
                span.end()
            return True

    traced("do_execute")
    traced("do_executemany")


@lru_cache(maxsize=128)
def _masked(statement: str) -> tuple[str, str]:
    """The operation, and the text without literals. SQLAlchemy makes the text of a query once, too."""
    text = _LITERAL.sub("?", statement)
    return text.split(None, 1)[0].upper() if text.strip() else "QUERY", text


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
