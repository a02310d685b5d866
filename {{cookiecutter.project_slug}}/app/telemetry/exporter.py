"""Spans to an OTLP collector by HTTP, within a time limit and without repetition: what is lost is lost."""

import urllib.error
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from time import monotonic

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from app.core.logging import get_logger

TIMEOUT_SECONDS = 2.0
QUIET_SECONDS = 60.0
_HEADERS = {"Content-Type": "application/x-protobuf"}

log = get_logger(__name__)


class OtlpExporter(SpanExporter):
    """Sends each batch once. A collector that fails is one warning a minute."""

    def __init__(self, endpoint: str) -> None:
        self._url = f"{endpoint}/v1/traces"
        self._warned = -QUIET_SECONDS

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch. It runs in the thread of the processor, never in that of a request."""
        body = encode_spans(spans).SerializeToString()
        request = urllib.request.Request(self._url, data=body, headers=_HEADERS, method="POST")  # noqa: S310 - the settings allow http and https alone
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310 - as above
                return SpanExportResult.SUCCESS
        except (OSError, HTTPException) as error:  # URLError is an OSError
            self._warn(str(error), len(spans))
            return SpanExportResult.FAILURE

    def _warn(self, cause: str, lost: int) -> None:
        if monotonic() - self._warned >= QUIET_SECONDS:
            self._warned = monotonic()
            log.warning("traces are not taken", cause=cause, lost=lost, url=self._url)
