"""Traces and metrics of the application, where a collector or a port is set."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from opentelemetry.sdk.resources import Resource

from app.core import project
from app.core.settings import Settings
from app.telemetry.database import measure_pool, trace_statements
from app.telemetry.exporter import OtlpExporter
from app.telemetry.metrics import metrics_at
from app.telemetry.traces import TraceIds, traces_to


@asynccontextmanager
async def observe(app: FastAPI) -> AsyncIterator[None]:
    """Trace requests and their statements, and serve metrics; each where its setting is set.

    The framework looks for the providers with each request: `telemetry` of `create_app`.
    """
    settings: Settings = app.state.settings
    engine = app.state.database.engine
    resource = Resource.create({"service.name": project.NAME, "service.version": project.VERSION})
    async with AsyncExitStack() as stack:
        if settings.otel_exporter_otlp_endpoint:
            exporter = OtlpExporter(settings.otel_exporter_otlp_endpoint)
            traces = traces_to(exporter, ratio=settings.traces_ratio, resource=resource)
            trace_statements(engine, await stack.enter_async_context(traces))
            if app.middleware_stack:
                app.middleware_stack = TraceIds(app.middleware_stack)
        if settings.metrics_port:
            metrics = metrics_at(settings.host, settings.metrics_port, resource=resource)
            measure_pool(engine, stack.enter_context(metrics))
        yield
