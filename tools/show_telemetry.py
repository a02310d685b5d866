"""Shows what a baked service with telemetry tells, in a real browser: the queries of its dashboard in Prometheus's own page, and a trace in Phoenix.

`PYTHONPATH=$PWD uv run --project SERVICE python -m tools.show_telemetry SERVICE FOLDER`, in the root of the template, with Chromium, Prometheus 2 (whose
page is `/classic/graph`) and `phoenix` of the package arize-phoenix on the path. It puts pictures of both into the folder, in two minutes.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

PATIENCE: Final = 240.0
SECONDS: Final = 60
RATE: Final = 20
PER_PAGE: Final = 6
SCRAPE: Final = """
global: {scrape_interval: 2s, evaluation_interval: 2s}
rule_files: [RULES]
scrape_configs: [{job_name: service, static_configs: [{targets: ["127.0.0.1:PORT"]}]}]
"""


def main(service: Path, folder: Path) -> int:
    """Start all of them, send requests for a while, and look."""
    sys.path[:0] = [str(service)]
    os.chdir(service)
    from service_devkit.postgres.server import free_port  # noqa: PLC0415 - in the environment of the service alone

    from benchmarks.data import Size  # noqa: PLC0415 - they import the service
    from benchmarks.generator import Load  # noqa: PLC0415 - as above
    from benchmarks.stage import stage, to_stderr  # noqa: PLC0415 - as above

    metrics, prometheus, phoenix = free_port(), free_port(), free_port()
    settings = {"METRICS_PORT": str(metrics), "TRACES_RATIO": "0.2", "RATE_LIMIT": "240/minute"}
    settings |= {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{phoenix}", "OTEL_BSP_SCHEDULE_DELAY": "500"}
    with contextlib.ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        made = stack.enter_context(stage(Size(users=100, rows=200), people=4, say=to_stderr))
        environment = {
            **os.environ,
            "PHOENIX_PORT": str(phoenix),
            "PHOENIX_WORKING_DIR": str(data),
            "PHOENIX_GRPC_PORT": str(free_port()),
        }
        stack.enter_context(_process(["phoenix", "serve"], f"http://127.0.0.1:{phoenix}/", environment))
        config = SCRAPE.replace("RULES", str(service / "deploy/monitoring/alerts.yaml")).replace("PORT", str(metrics))
        (data / "prometheus.yaml").write_text(config)
        arguments = [f"--config.file={data}/prometheus.yaml", f"--web.listen-address=127.0.0.1:{prometheus}"]
        arguments.append(f"--storage.tsdb.path={data}/series")
        stack.enter_context(_process(["prometheus", *arguments], f"http://127.0.0.1:{prometheus}/-/ready"))
        server = stack.enter_context(made.server("service", settings))
        reads = [request for each in made.scenarios() if not each.writes for request in each.requests]
        reads = [replace(request, expected=0) for request in reads]
        with Load(RATE) as load:
            print(load.send(server.port, reads, connections=16, seconds=SECONDS), file=sys.stderr)
        queries = _queries(service / "deploy/monitoring/dashboard.json")
        for number, first in enumerate(range(0, len(queries), PER_PAGE), start=1):
            page = _graphs(prometheus, queries[first : first + PER_PAGE])
            _look(page, folder / f"dashboard-{number}.png", "1000,3700")
        _look(_trace(phoenix), folder / "trace.png", "1500,900")
    return 0


def _queries(dashboard: Path) -> list[str]:
    panels = json.loads(dashboard.read_text(encoding="utf-8"))["panels"]
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    return [query.replace("$__rate_interval", "20s").replace("$job", ".*") for query in queries]


def _graphs(port: int, queries: list[str]) -> str:
    """Prometheus's page with a graph for each query."""
    given: dict[str, str] = {}
    for number, query in enumerate(queries):
        given |= {f"g{number}.expr": query, f"g{number}.tab": "0", f"g{number}.range_input": "90s"}
    return f"http://127.0.0.1:{port}/classic/graph?{urlencode(given)}"


def _trace(port: int) -> str:
    """Phoenix's page of the trace with most spans."""
    query = "{projects{edges{node{id spans(first:1000){edges{node{trace{traceId numSpans}}}}}}}}"
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql", json.dumps({"query": query}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(asked, timeout=PATIENCE) as response:  # noqa: S310 - an address of this machine
        projects = [edge["node"] for edge in json.load(response)["data"]["projects"]["edges"]]
    found = [(project["id"], span["node"]["trace"]) for project in projects for span in project["spans"]["edges"]]
    project, trace = max(found, key=lambda each: each[1]["numSpans"])
    return f"http://127.0.0.1:{port}/projects/{project}/traces/{trace['traceId']}"


def _look(url: str, picture: Path, size: str) -> None:
    """Let the page draw, and take a picture of it."""
    command = [
        "chromium",
        "--headless",
        "--no-sandbox",
        "--hide-scrollbars",
        f"--window-size={size}",
        "--virtual-time-budget=20000",
    ]
    subprocess.run([*command, f"--screenshot={picture}", url], check=True, timeout=PATIENCE, stderr=subprocess.DEVNULL)
    print(url, "->", picture)


@contextlib.contextmanager
def _process(command: list[str], ready: str, environment: Mapping[str, str] | None = None) -> Iterator[None]:
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE
        while not _answers(ready):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{command[0]} does not start")
            time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - as above
            return True
    except OSError:
        return False


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()))
