"""What the trace of a request says of the report in it."""

from collections.abc import Mapping

import pytest
from service_devkit.fixtures.server import StartServer

from tests.extraction import reports
from tests.mechanism.support import client_of, eventually

# Without telemetry there are no traces.
collectors = pytest.importorskip("tests.plugins.collector", exc_type=ImportError)
EXTRACT = "/api/v1/study-plans/extract"


@pytest.mark.live
async def test_trace_has_nothing_of_a_report(
    live_database_url: str, start_server: StartServer, ada: Mapping[str, str]
) -> None:
    headers = {**ada, "Content-Type": reports.PDF_TYPE}

    with collectors.run_collector() as collector:
        traced = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "TRACES_RATIO": "1", "OTEL_BSP_SCHEDULE_DELAY": "100"}
        async with client_of(start_server(live_database_url, **traced), headers) as client:
            answer = await client.post(EXTRACT, params={"title": "Traced"}, content=reports.as_pdf())
        await eventually(lambda: bool(collector.named(f"POST {EXTRACT}")))

    assert answer.status_code == 201
    assert "Trustees" not in str(collector.spans)
    assert "Optics" not in str(collector.spans)
