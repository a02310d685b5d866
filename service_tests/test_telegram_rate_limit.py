"""Failed sign-ins through the socket: what counts as one client, and what cannot be spoofed."""

from collections.abc import Mapping

import pytest
from service_devkit.fixtures.server import LiveServer, StartServer

from tests.mechanism.raw import RawAnswer, exchange, request_of
from tests.mechanism.support import ME

pytestmark = pytest.mark.live

LIMIT = {"RATE_LIMIT_SIGN_IN": "3/hour"}


def _fail(server: LiveServer, *, forwarded_for: str) -> RawAnswer:
    headers = {"Authorization": "tma forged=1", "X-Forwarded-For": forwarded_for}
    return exchange(server, request_of(f"GET {ME}", headers))


def test_spoofed_forwarding_header_does_not_change_who_is_counted(
    live_database_url: str, start_server: StartServer
) -> None:
    server = start_server(live_database_url, **LIMIT)

    answers = [_fail(server, forwarded_for=f"198.51.100.{number}") for number in range(5)]

    assert [answer.status for answer in answers] == [401, 401, 401, 429, 429]
    assert answers[-1].problem()["code"] == "too_many_requests"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 3600


def test_trusted_proxy_tells_who_is_counted(live_database_url: str, start_server: StartServer) -> None:
    server = start_server(live_database_url, **LIMIT, TRUSTED_PROXIES="127.0.0.1")

    # The proxy puts the address that it saw at the end; what stands before it, the client has made up.
    first = [_fail(server, forwarded_for=f"203.0.113.{number}, 198.51.100.1") for number in range(4)]
    second = _fail(server, forwarded_for="198.51.100.2")

    assert [answer.status for answer in first] == [401, 401, 401, 429]
    assert second.status == 401


def test_two_authorization_headers_are_refused(live_server: LiveServer, ada: Mapping[str, str]) -> None:
    twice = request_of(f"GET {ME}", ada).replace(
        b"\r\n\r\n", f"\r\nAuthorization: {ada['Authorization']}\r\n\r\n".encode()
    )

    answer = exchange(live_server, twice)

    assert (answer.status, answer.problem()["code"]) == (401, "not_authenticated")
