"""Behind a proxy that takes a prefix off the path."""

import json

import pytest
from service_devkit.fixtures.server import StartServer
from starlette.requests import Request

from app.api.routes import RouteTable
from tests.mechanism.raw import exchange, request_of
from tests.mechanism.support import ME, lines_about

pytestmark = pytest.mark.live


@pytest.mark.parametrize("prefix", ["/shop", "/shop/v2/"])
def test_service_behind_a_prefix_knows_its_addresses(
    live_database_url: str, start_server: StartServer, prefix: str
) -> None:
    server = start_server(live_database_url, ROOT_PATH=prefix, DOCS="true")

    wrong = exchange(server, request_of(f"DELETE {ME}", {}))
    contract = exchange(server, request_of("GET /openapi.json", {}))
    page = exchange(server, request_of("GET /docs", {}))

    assert (wrong.status, wrong.headers["Allow"]) == (405, "GET, HEAD, PATCH")
    assert page.status == 200
    assert json.loads(contract.body)["servers"] == [{"url": prefix.rstrip("/")}]
    assert b'="/' not in page.body  # every address of the page is relative
    assert lines_about(server, wrong.headers["X-Request-ID"])[-1]["route"] == ME


def test_address_of_a_request_has_the_prefix_and_its_routes_are_found_without() -> None:
    scope = {"type": "http", "method": "POST", "path": "/shop/things", "root_path": "/shop", "headers": []}

    assert Request(scope).url.path == "/shop/things"  # what `Location` is made of
    assert RouteTable([]).methods_of(scope) == set()
