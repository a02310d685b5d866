"""What parts of the application count by themselves: read when Prometheus asks, so counting costs nothing else."""

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.datastructures import State


class PartMetrics(Collector):
    """Refusals of the limiter, answers of the cache, live connections, and `app.state.counters`: each where the service has it.

    A dashboard finds what is added here by its label `part`.
    """

    def __init__(self, state: State, registry: CollectorRegistry) -> None:
        self.state = state
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """Read it."""
        state = self.state
        yield _counter("rate_limit_refusals", "limiter", "limit", state.rate_limiter.refused)
        if hasattr(state, "cache"):
            yield _counter("cache_requests", "cache", "result", state.cache.results)
        if hasattr(state, "live"):  # from the first connection on
            connections = GaugeMetricFamily("live_connections", "Callers that are connected.", labels=["part"])
            connections.add_metric(["live"], len(state.live.hub))
            yield connections
        for name, part, label, counted in getattr(state, "counters", ()):  # of parts that this room does not know
            yield _counter(name, part, label, counted)


def _counter(name: str, part: str, label: str, counted: Mapping[str, int]) -> Metric:
    counter = CounterMetricFamily(name, f"Since the start, by {label}.", labels=["part", label])
    for value, times in counted.items():
        counter.add_metric([part, value], times)
    return counter
