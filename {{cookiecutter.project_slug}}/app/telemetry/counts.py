"""What parts of the application count by themselves: read when Prometheus asks, so counting costs nothing else."""

from collections.abc import Callable, Iterator, Mapping

from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation
from starlette.datastructures import State


def measure_parts(state: State, provider: MeterProvider) -> None:
    """Show refusals of the limiter, answers of the cache, and live connections: each where the service has it.

    A dashboard finds what is added here by its scope, `app.parts`.
    """
    meter = provider.get_meter("app.parts")
    refused = _counts("limit", lambda: state.rate_limiter.refused)
    cached = _counts("result", lambda: state.cache.results if hasattr(state, "cache") else {})
    meter.create_observable_counter("rate_limit.refusals", [refused], unit="{refusal}")
    meter.create_observable_counter("cache.requests", [cached], unit="{request}")

    def connections(_options: CallbackOptions) -> Iterator[Observation]:
        if hasattr(state, "live"):  # from the first connection on
            yield Observation(len(state.live.hub))

    meter.create_observable_gauge("live.connections", [connections], unit="{connection}")


def _counts(label: str, counted: Callable[[], Mapping[str, int]]) -> Callable[[CallbackOptions], Iterator[Observation]]:
    def observe(_options: CallbackOptions) -> Iterator[Observation]:
        for value, times in counted().items():
            yield Observation(times, {label: value})

    return observe
