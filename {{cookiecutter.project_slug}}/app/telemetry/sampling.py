"""Which requests are traced, decided before their span begins: the framework makes one that nobody keeps nearly as expensive as one that is kept."""

from collections.abc import Sequence
from random import random

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import INVALID_SPAN_CONTEXT, Link, SpanContext, SpanKind, TraceState
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes
from starlette.types import Scope

UNTRACED = "app.untraced"  # where the scope of a request without a span has its ids
_HEADERS = frozenset({b"traceparent", b"tracestate"})
_IDS = RandomIdGenerator()
_PROPAGATOR = TraceContextTextMapPropagator()


class Sampling:
    """A share of the requests whose caller has not decided (https://www.w3.org/TR/trace-context/#sampled-flag)."""

    def __init__(self, ratio: float) -> None:
        self.ratio = ratio

    def leaves_out(self, scope: Scope) -> bool:
        """Whether a request has no span. It has ids all the same: for the log, and so that those who are asked next decide alike."""
        parent = _parent(scope)
        if parent.trace_flags.sampled if parent.is_valid else random() < self.ratio:  # noqa: S311 - no secret
            return False
        trace_id = parent.trace_id or _IDS.generate_trace_id()
        scope[UNTRACED] = SpanContext(trace_id, _IDS.generate_span_id(), False, trace_state=parent.trace_state)
        return True


class OfRequests(Sampler):
    """Takes each request that `Sampling` has let through, and a share of what begins by itself: a job, for one."""

    def __init__(self, ratio: float) -> None:
        self._others = TraceIdRatioBased(ratio)

    def should_sample(  # noqa: PLR0917 - OpenTelemetry's signature
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Decide about a span that has no parent."""
        sampler = ALWAYS_ON if kind is SpanKind.SERVER else self._others
        return sampler.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        """Name it."""
        return f"OfRequests, {self._others.get_description()}"


def _parent(scope: Scope) -> SpanContext:
    sent = {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in _HEADERS}
    return trace.get_current_span(_PROPAGATOR.extract(sent)).get_span_context() if sent else INVALID_SPAN_CONTEXT
