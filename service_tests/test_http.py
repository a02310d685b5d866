"""Requests that no client library would send: the right refusal, one shape, and nobody else is disturbed."""

import time
from collections.abc import Mapping

import pytest
from service_devkit.fixtures.server import LiveServer

from tests.mechanism.raw import RawConnection, exchange, request_of
from tests.mechanism.support import ME

pytestmark = pytest.mark.live

JSON = {"Content-Type": "application/json"}
CHUNKED = {**JSON, "Transfer-Encoding": "chunked"}
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
PATCH_ME = f"PATCH {ME}"
TEN_MEGABYTES = 10 * 1024 * 1024


@pytest.mark.parametrize(
    ("headers", "body", "refusal"),
    [
        pytest.param(JSON, b'{"display_name": "Ad', (400, "malformed_body"), id="broken_json"),
        pytest.param(JSON, b'{"display_name": "\xff"}', (400, "malformed_body"), id="not_utf8"),
        pytest.param(JSON, b"[" * 100_000, (400, "malformed_body"), id="nested_too_deep"),
        pytest.param(JSON, b'{"display_name": %b}' % (b"9" * 10_000), (400, "malformed_body"), id="endless_number"),
        pytest.param(
            {"Content-Type": "text/plain"}, b'{"display_name": "Ada"}', (415, "unsupported_media_type"), id="text"
        ),
        pytest.param({}, b'{"display_name": "Ada"}', (415, "unsupported_media_type"), id="no_type"),
        pytest.param(JSON, rb'{"display_name": "A\u0000da"}', (422, "validation_failed"), id="nul"),
        pytest.param(JSON, rb'{"display_name": "A\ud800da"}', (422, "validation_failed"), id="lone_surrogate"),
        pytest.param(JSON, b'{"display_name": NaN}', (422, "validation_failed"), id="nan"),
        pytest.param(JSON, b'{"display_name": null}', (422, "validation_failed"), id="null"),
        pytest.param(JSON, b"[]", (422, "validation_failed"), id="list"),
    ],
)
def test_body_that_cannot_be_used_is_refused(
    live_server: LiveServer, ada: Mapping[str, str], headers: Mapping[str, str], body: bytes, refusal: tuple[int, str]
) -> None:
    answer = exchange(live_server, request_of(PATCH_ME, {**ada, **headers}, body))

    assert (answer.status, answer.problem()["code"]) == refusal
    assert len(answer.body) < 1000  # nothing of the input is sent back


@pytest.mark.parametrize(
    ("start", "status", "code"),
    [
        ("GET /nowhere", 404, "not_found"),
        ("GET /api/v1/users/%00", 404, "not_found"),
        ("GET /%ff%fe", 404, "not_found"),
        ("GET /..%2f..%2fetc%2fpasswd", 404, "not_found"),
        (f"GET {ME}/", 404, "not_found"),
        (f"GET /{ME}", 404, "not_found"),
        ("OPTIONS *", 404, "not_found"),
        (f"DELETE {ME}", 405, "method_not_allowed"),
        ("BREW /healthz", 400, "malformed_request"),
        ("GET /caf\xe9", 400, "malformed_request"),
    ],
)
def test_address_that_is_not_there_is_refused(live_server: LiveServer, start: str, status: int, code: str) -> None:
    answer = exchange(live_server, request_of(start, {}))

    assert (answer.status, answer.problem()["code"]) == (status, code)


def test_wrong_method_lists_every_allowed_one(live_server: LiveServer) -> None:
    answer = exchange(live_server, request_of(f"DELETE {ME}", {}))

    assert answer.headers["Allow"] == "GET, HEAD, PATCH"


def test_body_that_is_announced_too_large_is_refused_at_once(live_server: LiveServer, ada: Mapping[str, str]) -> None:
    head = request_of(PATCH_ME, {**ada, **JSON, "Content-Length": str(TEN_MEGABYTES)})

    with RawConnection(live_server) as connection:
        connection.send(head)
        answer = connection.receive()
        closed = connection.is_closed()

    assert (answer.status, answer.problem()["code"]) == (413, "body_too_large")
    assert answer.headers["Connection"] == "close"
    assert closed


def test_body_that_is_too_large_and_sent_all_the_same_is_refused(
    live_server: LiveServer, ada: Mapping[str, str]
) -> None:
    answer = exchange(live_server, request_of(PATCH_ME, {**ada, **JSON}, b"x" * TEN_MEGABYTES))

    assert (answer.status, answer.problem()["code"]) == (413, "body_too_large")


def test_body_that_grows_too_large_is_refused_and_the_connection_lives_on(
    live_server: LiveServer, ada: Mapping[str, str]
) -> None:
    chunk = b"100000\r\n%b\r\n" % (b"x" * 0x100000)
    with RawConnection(live_server) as connection:
        connection.send(request_of(PATCH_ME, {**ada, **CHUNKED}) + chunk * 10 + b"0\r\n\r\n")
        refused = connection.receive()
        connection.send(request_of("GET /healthz", {}))
        next_answer = connection.receive()

    assert (refused.status, refused.problem()["code"]) == (413, "body_too_large")
    assert next_answer.status == 200


@pytest.mark.parametrize("size", [17_000, 300_000, 5_000_000])
@pytest.mark.parametrize("place", ["header", "many_headers", "line"])
def test_head_that_is_too_large_is_refused(live_server: LiveServer, place: str, size: int) -> None:
    heads = {
        "header": request_of("GET /healthz", {"X-Large": "x" * size}),
        "many_headers": request_of("GET /healthz", {f"X-{number}": "x" * 90 for number in range(size // 90)}),
        "line": request_of(f"GET /healthz?{'x' * size}", {}),
    }

    answer = exchange(live_server, heads[place])

    assert answer.status in {400, 431}  # the parser itself refuses lines of more than 64 kB
    assert answer.problem()["code"] in {"malformed_request", "headers_too_large"}


def test_head_that_trickles_in_without_end_is_refused(live_server: LiveServer) -> None:
    with RawConnection(live_server) as connection:
        connection.send(b"GET /healthz HTTP/1.1\r\nX-Endless: ")
        sent = 0
        while not connection.is_answered() and sent < TEN_MEGABYTES:  # a busy server reads many pieces at once
            connection.send(b"x" * 1000)
            sent += 1000
            time.sleep(0.001)
        answer = connection.receive()

    assert (answer.status, answer.problem()["code"]) == (431, "headers_too_large")


def test_ordinary_large_head_is_taken(live_server: LiveServer) -> None:
    with RawConnection(live_server) as connection:
        for piece in (b"GET /healthz HTTP/1.1\r\nX-Large: ", b"x" * 15_000, b"\r\nHost: service.test\r\n\r\n"):
            connection.send(piece)
            time.sleep(0.001)
        first = connection.receive()
        connection.send(request_of("GET /healthz", {"X-Large": "x" * 15_000}))
        second = connection.receive()

    assert (first.status, second.status) == (200, 200)


def test_request_that_two_servers_could_read_in_two_ways_is_refused(live_server: LiveServer) -> None:
    both = {"Content-Length": "3", "Transfer-Encoding": "chunked"}

    with RawConnection(live_server) as connection:
        connection.send(request_of("GET /healthz", both, b"") + b"0\r\n\r\n" + request_of("GET /smuggled", {}))
        answer = connection.receive()
        closed = connection.is_closed()

    assert (answer.status, answer.problem()["code"]) == (400, "malformed_request")
    assert closed


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00",
        b"GET /healthz HTTP/9.9\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost : a\r\n\r\n",
    ],
    ids=["tls", "version", "negative_length", "two_lengths", "space_before_colon"],
)
def test_bytes_that_are_no_http_are_refused(live_server: LiveServer, request_bytes: bytes) -> None:
    answer = exchange(live_server, request_bytes)

    assert (answer.status, answer.problem()["code"]) == (400, "malformed_request")


@pytest.mark.parametrize(
    ("start", "headers", "body"),
    [
        ("GET /healthz", {}, b""),
        ("GET /nowhere", {}, b""),
        (f"DELETE {ME}", {}, b""),
        (f"GET {ME}", {"Authorization": "Bearer nonsense"}, b""),
        (PATCH_ME, {**JSON, "Content-Length": str(TEN_MEGABYTES)}, b""),
        (PATCH_ME, JSON, b"{"),
        ("BREW /healthz", {}, b""),
        (f"OPTIONS {ME}", {"Origin": "https://app.example.com", "Access-Control-Request-Method": "PATCH"}, b""),
        (f"OPTIONS {ME}", {"Origin": "https://evil.example.com", "Access-Control-Request-Method": "PATCH"}, b""),
    ],
)
def test_every_answer_has_the_security_headers_and_no_banner(
    live_server: LiveServer, start: str, headers: Mapping[str, str], body: bytes
) -> None:
    answer = exchange(live_server, request_of(start, headers, body))

    assert {name: answer.headers.get_all(name) for name in SECURITY_HEADERS} == {
        name: [value] for name, value in SECURITY_HEADERS.items()
    }
    assert answer.headers["Server"] is None
    assert answer.headers["X-Powered-By"] is None


def test_only_listed_origins_may_read_an_answer(live_server: LiveServer) -> None:
    listed = exchange(live_server, request_of("GET /nowhere", {"Origin": "https://app.example.com"}))
    other = exchange(live_server, request_of("GET /nowhere", {"Origin": "https://evil.example.com"}))

    assert listed.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert other.headers["Access-Control-Allow-Origin"] is None
