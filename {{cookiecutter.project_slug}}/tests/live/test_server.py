"""The started server: it answers, writes one line for each request, and stops when it is asked to."""

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from http.client import HTTPConnection

import pytest
from click.testing import CliRunner
from service_devkit.fixtures.server import LiveServer, StartServer

from app.cli.healthcheck import healthcheck

pytestmark = pytest.mark.live

ME = "/api/v1/users/me"


def status_of(server: LiveServer, path: str, headers: Mapping[str, str]) -> int:
    """The status of one request on a connection of its own."""
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        connection.request("GET", path, headers=dict(headers))
        with connection.getresponse() as answer:
            answer.read()
            return answer.status


@pytest.mark.parametrize("workers", ["1", "2"])
def test_server_answers_logs_each_request_once_and_stops(
    live_database_url: str, start_server: StartServer, sign_in: Callable[[str], dict[str, str]], workers: str
) -> None:
    server = start_server(live_database_url, WORKERS=workers)

    statuses = [
        status_of(server, path, {**sign_in("Ada"), "X-Request-ID": name})
        for name, path in [("first", ME), ("second", "/readyz"), ("third", "/nowhere")]
    ]
    ended = server.stop()

    lines = [json.loads(line) for line in server.lines()]
    requests = {line["request_id"]: line["status"] for line in lines if line["event"] == "request"}
    assert (statuses, ended) == ([200, 200, 404], 0)
    assert [requests[name] for name in ("first", "second", "third")] == statuses
    assert lines[-1]["event"] == "stopped"


def test_health_check_finds_the_server(live_server: LiveServer, sign_in_settings: Mapping[str, str]) -> None:
    secrets = {name.upper(): value for name, value in sign_in_settings.items()}

    result = CliRunner().invoke(healthcheck, ["--ready"], env=secrets | {"PORT": str(live_server.port)})

    assert (result.exit_code, result.output) == (0, "/readyz answers 200\n")
