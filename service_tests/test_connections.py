"""One connection, many requests: each gets its own answer, whatever its head offers and whatever follows it."""

import time
from collections.abc import Mapping

import pytest
from service_devkit.fixtures.server import LiveServer, StartServer

from tests.mechanism.raw import RawAnswer, RawConnection, request_of
from tests.mechanism.support import ME, log_lines

pytestmark = pytest.mark.live

JSON = {"Content-Type": "application/json"}
H2C = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAARAAAAAAAIAAAAA"}
WEBSOCKET = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
PLAIN = request_of("GET /healthz", {})


@pytest.fixture(params=["at_once", "head_then_body", "byte_by_byte"])
def pieces(request: pytest.FixtureRequest) -> str:
    """How the bytes of a request arrive."""
    kind: str = request.param
    return kind


def send_in(pieces: str, connection: RawConnection, data: bytes) -> None:
    """Send `data` in pieces; the server sees them apart, because none waits for the next."""
    end_of_head = data.index(b"\r\n\r\n") + 4
    cut = {"at_once": [data], "head_then_body": [data[:end_of_head], data[end_of_head:]]}
    for piece in cut.get(pieces) or [data[index : index + 1] for index in range(len(data))]:
        connection.send(piece)
        time.sleep(0.0005)


@pytest.mark.parametrize(
    "offer",
    [
        H2C,
        {"Connection": "upgrade", "Upgrade": "TLS/1.2, HTTP/2.0"},
        {"Connection": "keep-alive, Upgrade", "Upgrade": "h2c", "Expect": "100-continue"},
        WEBSOCKET,
    ],
    ids=["h2c", "tls", "expect", "websocket"],
)
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_offer_of_another_protocol_is_ignored(
    live_server: LiveServer, ada: Mapping[str, str], offer: Mapping[str, str], pieces: str, *, chunked: bool
) -> None:
    body = b'{"display_name": "Ada L"}'
    headers = {**ada, **JSON, **offer}
    sent = request_of(f"PATCH {ME}", headers, body)
    if chunked:
        sent = request_of(f"PATCH {ME}", {**headers, "Transfer-Encoding": "chunked"})
        sent += b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)

    with RawConnection(live_server) as connection:
        send_in(pieces, connection, sent + sent + PLAIN)
        answers = [connection.receive() for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 200]
    assert [b"Ada L" in answer.body for answer in answers] == [True, True, False]


@pytest.mark.parametrize(
    "start",
    [
        request_of("GET /healthz", H2C),
        PLAIN.replace(b"1.1", b"1.0").replace(b"\r\n\r\n", b"\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"),
        request_of("GET /healthz", {**WEBSOCKET, "Content-Length": "2"}) + b"{}",
        PLAIN + request_of("GET /healthz", WEBSOCKET),
    ],
    ids=["no_body", "http_1_0", "websocket_with_body", "websocket_behind_an_open_request"],
)
def test_offer_that_cannot_be_taken_is_an_ordinary_request(live_server: LiveServer, start: bytes) -> None:
    with RawConnection(live_server) as connection:
        connection.send(start)
        answer = connection.receive()

    assert answer.status == 200


def test_many_offers_at_once_are_answered_one_by_one(live_server: LiveServer) -> None:
    with RawConnection(live_server) as connection:
        connection.send(request_of("GET /healthz", H2C) * 1500)
        statuses = {connection.receive().status for _ in range(1500)}

    assert statuses == {200}


def test_tunnel_is_refused(live_server: LiveServer) -> None:
    with RawConnection(live_server) as connection:
        connection.send(b"CONNECT /healthz HTTP/1.1\r\nHost: a\r\n\r\n" + PLAIN)
        answer = connection.receive()
        closed = connection.is_closed()

    assert (answer.status, closed) == (400, True)


@pytest.mark.parametrize(
    "garbage",
    [b"\x16\x03\x01\x02\x00", b"GET /x HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"x" * 17_000 + b"\r\n\r\n"],
)
@pytest.mark.parametrize("good", [PLAIN, PLAIN * 3, request_of("GET /healthz", H2C)], ids=["one", "three", "offer"])
def test_garbage_is_refused_after_what_precedes_it(live_server: LiveServer, good: bytes, garbage: bytes) -> None:
    count = good.count(b"GET")

    with RawConnection(live_server) as connection:
        connection.send(good + garbage)
        answers = [connection.receive() for _ in range(count + 1)]
        closed = connection.is_closed()

    assert [answer.status for answer in answers[:-1]] == [200] * count
    assert answers[-1].status in {400, 431}
    assert closed


@pytest.mark.parametrize("before", [b"", PLAIN, PLAIN * 2], ids=["alone", "second", "third"])
def test_broken_body_is_refused_in_its_own_place(
    live_server: LiveServer, ada: Mapping[str, str], before: bytes
) -> None:
    broken = request_of(f"PATCH {ME}", {**ada, **JSON, "Transfer-Encoding": "chunked"}) + b"zz\r\n"

    with RawConnection(live_server) as connection:
        connection.send(before + broken)
        answers: list[RawAnswer] = [connection.receive() for _ in range(before.count(b"GET") + 1)]
        closed = connection.is_closed()

    assert [answer.status for answer in answers] == [200] * before.count(b"GET") + [400]
    assert answers[-1].problem()["code"] == "malformed_request"
    assert closed


@pytest.mark.parametrize(
    ("sent", "received", "status"),
    [
        (b"", "nothing", None),
        (b"\r\n", "nothing", None),
        (b"GET /healthz HTTP/1.1\r\nHost: a", "head", 408),
        (request_of(f"PATCH {ME}", {**JSON, "Content-Length": "10"}) + b"{", "body", 408),
        (PLAIN + b"GET /heal", "head", 408),
    ],
)
def test_request_that_does_not_arrive_is_given_up(
    *,
    live_database_url: str,
    start_server: StartServer,
    ada: Mapping[str, str],
    sent: bytes,
    received: str,
    status: int | None,
) -> None:
    server = start_server(live_database_url, REQUEST_SECONDS="0.5")
    signed = sent.replace(
        b"\r\n\r\n", b"".join(f"\r\n{name}: {value}".encode() for name, value in ada.items()) + b"\r\n\r\n"
    )

    with RawConnection(server) as connection:
        connection.send(signed)
        answers = [connection.receive().status for _ in range(sent.startswith(PLAIN))]
        answers += [connection.receive().status] if status else []
        closed = connection.is_closed(within=4)

    assert (answers[-1:], closed) == ([status] if status else [], True)
    server.stop()  # the log is written by a thread of its own
    assert [line["received"] for line in log_lines(server) if line["event"] == "request did not arrive"] == [received]


def test_silent_connections_make_room_for_those_that_ask(live_database_url: str, start_server: StartServer) -> None:
    server = start_server(live_database_url, MAX_CONNECTIONS="20")

    silent = [RawConnection(server) for _ in range(100)]
    with RawConnection(server) as connection:
        connection.send(PLAIN)
        answer = connection.receive()
    for one in silent:
        one.__exit__(None, None, None)

    assert answer.status == 200
    warnings = [line for line in log_lines(server) if line["event"] == "too many connections"]
    assert {line["limit"] for line in warnings} == {20}
