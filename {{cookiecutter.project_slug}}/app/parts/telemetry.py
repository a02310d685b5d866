"""Traces and metrics of the application, where a collector or a port is set."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from functools import partial

from fastapi import FastAPI
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core import project
from app.core.settings import Settings
from app.telemetry.counts import measure_parts
from app.telemetry.database import measure_pool, trace_statements
from app.telemetry.exporter import OtlpExporter
from app.telemetry.metrics import metrics_at
from app.telemetry.outgoing import trace_outgoing
from app.telemetry.traces import TraceIds, continued, traces_to

_RESOURCE = Resource.create({"service.name": project.NAME, "service.version": project.VERSION})


@asynccontextmanager
async def observe(app: FastAPI) -> AsyncIterator[None]:
    """Trace requests and their statements, and serve metrics; each where its setting is set.

    The framework looks for the providers with each request: `telemetry` of `create_app`.
    """
    settings: Settings = app.state.settings
    engine = app.state.database.engine
    async with AsyncExitStack() as stack:
        traced = await stack.enter_async_context(_tracing(settings, engine))
        if traced and app.middleware_stack:
            app.middleware_stack = TraceIds(app.middleware_stack)
        if settings.metrics_port:
            metrics = metrics_at(settings.host, settings.metrics_port, resource=_RESOURCE)
            provider = stack.enter_context(metrics)
            measure_pool(engine, provider)
            measure_parts(app.state, provider)
        yield


@asynccontextmanager
async def trace_worker(
    settings: Settings, engine: AsyncEngine
) -> AsyncIterator[Callable[[str, Mapping[str, str]], AbstractContextManager[None]]]:
    """What a worker wraps each piece of work in, by its name and what was stored with it."""
    async with _tracing(settings, engine) as provider:
        yield partial(continued, provider) if provider else lambda _name, _origin: nullcontext()


@asynccontextmanager
async def _tracing(settings: Settings, engine: AsyncEngine) -> AsyncIterator[TracerProvider | None]:
    """Spans of statements and of requests to others, in the traces of whatever asks for them."""
    if not settings.otel_exporter_otlp_endpoint:
        yield None
        return
    exporter = OtlpExporter(settings.otel_exporter_otlp_endpoint)
    async with traces_to(exporter, ratio=settings.traces_ratio, resource=_RESOURCE) as provider:
        trace_statements(engine, provider)
        with trace_outgoing(provider):
            yield provider
