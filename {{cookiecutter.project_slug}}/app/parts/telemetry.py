"""Traces and metrics of the application, where a collector or a port is set."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from functools import partial

from fastapi import FastAPI
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.types import Scope

from app.core import project
from app.core.settings import Settings
from app.telemetry.counts import PartMetrics
from app.telemetry.database import measure_pool, trace_statements
from app.telemetry.exporter import OtlpExporter
from app.telemetry.metrics import RequestMetrics, metrics_at
from app.telemetry.outgoing import trace_outgoing
from app.telemetry.sampling import Sampling
from app.telemetry.traces import TraceIds, continued, traces_to

_RESOURCE = Resource.create({"service.name": project.NAME, "service.version": project.VERSION})


def has_no_span(scope: Scope) -> bool:
    """Whether a request has no span: a supervisor asks, or the sampling leaves it out."""
    sampling: Sampling | None = getattr(scope["app"].state, "sampling", None)
    return _is_probe(scope) or (sampling is not None and sampling.leaves_out(scope))


def _is_probe(scope: Scope) -> bool:
    return str(scope["path"]).endswith(("/healthz", "/readyz"))


@asynccontextmanager
async def observe(app: FastAPI) -> AsyncIterator[None]:
    """Trace requests and their statements, and serve metrics; each where its setting is set.

    The framework makes the spans of requests, but for those of `has_no_span`.
    """
    settings: Settings = app.state.settings
    engine = app.state.database.reader.engine  # what sessions do is seen by it too
    async with AsyncExitStack() as stack:
        traced = await stack.enter_async_context(_tracing(settings, engine))
        if traced and app.middleware_stack:
            app.state.sampling = Sampling(settings.traces_ratio)
            app.middleware_stack = TraceIds(app.middleware_stack)
        if settings.metrics_port and app.middleware_stack:
            metrics = metrics_at(settings.host, settings.metrics_port, service=project.NAME, version=project.VERSION)
            registry = stack.enter_context(metrics)
            measure_pool(engine, registry)
            PartMetrics(app.state, registry)
            route_of = app.state.route_table.template_of
            app.middleware_stack = RequestMetrics(
                app.middleware_stack, registry, route_of=route_of, leaves_out=_is_probe
            )
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
