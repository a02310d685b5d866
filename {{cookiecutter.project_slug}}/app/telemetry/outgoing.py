"""What the service asks others: a span for each request, and the trace goes along (https://www.w3.org/TR/trace-context/)."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from httpx2 import AsyncHTTPTransport, Request, Response

_PORTS = {"http": 80, "https": 443}
# Without `baggage`: what callers put there is not for others.
_PROPAGATOR = TraceContextTextMapPropagator()


@contextmanager
def trace_outgoing(provider: TracerProvider) -> Iterator[None]:
    """While the block runs, each request of an `httpx2.AsyncClient` is a span.

    It names the host and neither path nor query: those of other services hold secrets, a key of a webhook for one.
    """
    if find_spec("httpx2") is None:  # not every service asks others
        yield
        return
    transport: type[AsyncHTTPTransport] = import_module("httpx2").AsyncHTTPTransport
    send = transport.handle_async_request
    tracer = provider.get_tracer("app.telemetry")

    async def send_traced(self: "AsyncHTTPTransport", request: "Request") -> "Response":
        return await _traced(tracer, request, partial(send, self, request))

    transport.handle_async_request = send_traced  # type: ignore[method-assign] # every client, those of libraries too
    try:
        yield
    finally:
        transport.handle_async_request = send  # type: ignore[method-assign] # as it was


async def _traced(tracer: Tracer, request: "Request", send: "Callable[[], Awaitable[Response]]") -> "Response":
    attributes: dict[str, str | int] = {
        "http.request.method": request.method,
        "server.address": request.url.host,
        "server.port": request.url.port or _PORTS.get(request.url.scheme, 0),
    }
    with tracer.start_as_current_span(
        request.method,
        kind=SpanKind.CLIENT,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        _PROPAGATOR.inject(request.headers)
        try:
            response = await send()
        except Exception as error:
            _fail(span, type(error).__name__)
            raise
        span.set_attribute("http.response.status_code", response.status_code)
        if response.is_error:
            _fail(span, str(response.status_code))
        return response


def _fail(span: Span, kind: str) -> None:
    span.set_attribute("error.type", kind)
    span.set_status(StatusCode.ERROR)
