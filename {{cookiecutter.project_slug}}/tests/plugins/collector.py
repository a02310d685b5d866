"""A collector on 127.0.0.1 that takes OTLP by HTTP, or is slow to: what stands for the one of a deployment."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass
class Collector:
    """What came in; while it hangs, it takes connections and answers nothing."""

    url: str = ""
    status: int = 200
    location: str = ""
    spans: list[Span] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    answering: threading.Event = field(default_factory=threading.Event)

    def take(self, body: bytes) -> None:
        """Read one export."""
        request = ExportTraceServiceRequest.FromString(body)
        self.spans += [span for sent in request.resource_spans for scope in sent.scope_spans for span in scope.spans]

    def named(self, name: str) -> list[Span]:
        """The spans of this name."""
        return [span for span in self.spans if span.name == name]


@contextmanager
def run_collector() -> Iterator[Collector]:
    """Run it; it answers until `answering` is cleared."""
    collector = Collector()
    collector.answering.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.headers.append(dict(self.headers))
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.answering.wait()
            if collector.status == 200:
                collector.take(body)
            self.send_response(collector.status)
            if collector.location:
                self.send_header("Location", collector.location)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.block_on_close = True, False
    collector.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        collector.answering.set()


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector of the test's own."""
    with run_collector() as collector:
        yield collector
