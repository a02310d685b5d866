"""The provider of metrics, and the port where Prometheus reads them."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import metrics
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from prometheus_client import start_http_server


@contextmanager
def metrics_at(host: str, port: int, *, resource: Resource) -> Iterator[MeterProvider]:
    """Serve `/metrics` while the block runs, in a thread of its own.

    Raises:
        OSError: the port cannot be had.
    """
    provider = MeterProvider([PrometheusMetricReader()], resource=resource, shutdown_on_exit=False)
    metrics.set_meter_provider(provider)
    try:
        server, thread = start_http_server(port, host)
    except OSError as error:
        raise OSError(f"METRICS_PORT {port} of {host}: {error.strerror}") from error
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        provider.shutdown()
