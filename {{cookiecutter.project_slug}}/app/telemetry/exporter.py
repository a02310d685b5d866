"""Spans to an OTLP collector by HTTP, within a time limit and without repetition: what is lost is lost."""

from collections.abc import Iterator, Sequence
from http.client import HTTPException
from time import monotonic, sleep
from typing import Final
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from app.core.logging import get_logger

TIMEOUT_SECONDS = 2.0
QUIET_SECONDS = 60.0
_AT_ONCE = 32  # spans that are encoded while requests wait for the interpreter: a millisecond
_PAUSE_SECONDS = 0.001
_HEADERS = {"Content-Type": "application/x-protobuf"}

log = get_logger(__name__)


class _NoRedirect(HTTPRedirectHandler):
    """What is redirected fails: it would be sent again without its spans, and count as taken."""

    def redirect_request(self, *_arguments: object) -> None:
        """Ask nobody else."""


# Without the proxy of the environment: it is for the way out, and the collector is mostly beside the service.
_OPENER: Final = build_opener(ProxyHandler({}), _NoRedirect)


class OtlpExporter(SpanExporter):
    """Sends each batch once. A collector that fails is one warning a minute."""

    def __init__(self, endpoint: str) -> None:
        self._url = f"{endpoint}/v1/traces"
        self._warned = -QUIET_SECONDS

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch. It runs in the thread of the processor, never in that of a request."""
        body = b"".join(_encoded(spans))
        request = Request(self._url, data=body, headers=_HEADERS, method="POST")  # noqa: S310 - the settings allow http and https alone
        try:
            with _OPENER.open(request, timeout=TIMEOUT_SECONDS):
                return SpanExportResult.SUCCESS
        except (OSError, HTTPException) as error:  # URLError is an OSError
            self._warn(str(error), len(spans))
            return SpanExportResult.FAILURE

    def _warn(self, cause: str, lost: int) -> None:
        if monotonic() - self._warned >= QUIET_SECONDS:
            self._warned = monotonic()
            log.warning("traces are not taken", cause=cause, lost=lost, url=self._url)


def _encoded(spans: Sequence[ReadableSpan]) -> Iterator[bytes]:
    """A request to the collector in parts, with time for the requests of callers after each.

    Messages behind one another are one message, whose lists are joined (https://protobuf.dev/programming-guides/encoding/#last-one-wins).
    """
    for start in range(0, len(spans), _AT_ONCE):
        yield encode_spans(spans[start : start + _AT_ONCE]).SerializeToString()
        sleep(_PAUSE_SECONDS)
