"""The log of the real server: one JSON object a line, one line a request, and no secret anywhere."""

from collections.abc import Mapping

import asyncpg
import pytest
from service_devkit.fixtures.server import LiveServer, StartServer
from sqlalchemy.engine import make_url

from tests.mechanism.raw import RawAnswer, exchange, request_of
from tests.mechanism.support import ME, PROBLEM, access_lines, client_of, connection_to, get, lines_about, log_lines

pytestmark = pytest.mark.live

JSON = {"Content-Type": "application/json"}
ORIGIN = "https://app.example.com"
CREDENTIALS = "visible-to-nobody-0123456789"
REQUESTS = (
    (f"GET {ME}?search=visible-to-nobody", b""),
    (f"PATCH {ME}", b'{"display_name": "visible-to-nobody"}'),
    (f"PATCH {ME}", b'{"locale": "visible-to-nobody!"}'),
    (f"PATCH {ME}", b"{"),
    (f"PATCH {ME}", b"x" * 2_000_000),
    (f"DELETE {ME}", b""),
    ("GET /nowhere", b""),
    ("GET /line%0abreak%22", b""),
    ("GET /healthz", b""),
    ("GET /readyz", b""),
)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_every_request_has_one_line_of_json_without_secrets(
    live_database_url: str,
    start_server: StartServer,
    ada: Mapping[str, str],
    sign_in_settings: dict[str, str],
    workers: str,
) -> None:
    server = start_server(live_database_url, WORKERS=workers, LOG_LEVEL="DEBUG", SECRET_KEY=CREDENTIALS * 2)

    answers = [exchange(server, request_of(start, {**ada, **JSON}, body)) for start, body in REQUESTS]
    stranger = {"Authorization": f"Bearer {CREDENTIALS}", "Cookie": f"session={CREDENTIALS}"}
    answers.append(exchange(server, request_of(f"GET {ME}", stranger)))
    server.stop()

    _assert_one_line_each(server, answers)
    given = list(sign_in_settings.values())
    sent = [value.partition(" ")[2] for value in ada.values()]
    output = "\n".join(server.lines())
    for secret in (*given, *sent, CREDENTIALS, "visible-to-nobody", make_url(live_database_url).password):
        assert str(secret) not in output
    assert '"client": "127.' not in output


def _assert_one_line_each(server: LiveServer, answers: list[RawAnswer]) -> None:
    lines = log_lines(server)
    asked = {answer.headers["X-Request-ID"]: answer.status for answer in answers}
    logged = [(line["request_id"], line["status"]) for line in access_lines(server)]
    assert set(asked.values()) >= {200, 400, 404, 405, 413, 422}
    assert sorted(line for line in logged if line[0] in asked) == sorted(asked.items())
    assert len(logged) == len(asked) + 1  # the server was asked once whether it has started
    assert all({"event", "level", "timestamp", "source"} <= line.keys() for line in lines)
    assert [line["event"] for line in lines].count("listening") == 1
    assert lines[-1]["event"] == "stopped"


@pytest.mark.parametrize(
    "sent", ["two words", "<script>alert(1)</script>", "x" * 3000, "x" * 65, "a/b", "é"], ids=lambda text: text[:9]
)
def test_request_id_that_could_do_harm_is_replaced(live_server: LiveServer, sent: str) -> None:
    answer = exchange(live_server, request_of("GET /nowhere", {"X-Request-ID": sent}))

    request_id = answer.headers["X-Request-ID"]
    assert len(request_id) == 32
    assert answer.problem()["request_id"] == request_id
    assert [line["status"] for line in lines_about(live_server, request_id)] == [404]
    assert "<script>" not in "\n".join(live_server.lines())


def test_request_id_of_the_caller_is_kept(live_server: LiveServer) -> None:
    answer = exchange(live_server, request_of("GET /nowhere", {"X-Request-ID": "order_66.step-7"}))

    assert answer.headers.get_all("X-Request-ID") == ["order_66.step-7"]
    assert answer.problem()["request_id"] == "order_66.step-7"
    assert [line["status"] for line in lines_about(live_server, "order_66.step-7")] == [404]


async def test_unexpected_error_tells_the_log_everything_and_the_caller_nothing(
    fresh_database_url: str, start_server: StartServer, ada: Mapping[str, str]
) -> None:
    server = start_server(fresh_database_url, CORS_ORIGINS=ORIGIN)
    async with client_of(server, {**ada, "Origin": ORIGIN}) as client:
        async with connection_to(fresh_database_url) as connection:
            await _break_the_schema(connection)
        answer = (await get(client)).answer

    assert (answer.status_code, answer.headers["content-type"]) == (500, PROBLEM)
    assert answer.json() == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "code": "internal_error",
        "detail": "Something went wrong on our side.",
        "request_id": answer.headers["x-request-id"],
    }
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["x-content-type-options"] == "nosniff"
    about = lines_about(server, answer.json()["request_id"])
    assert [line["event"] for line in about] == ["unexpected error", "request"]
    assert about[0]["level"] == "error"
    assert "Traceback (most recent call last)" in str(about[0]["exception"])
    assert "display_name" in str(about[0]["exception"])


async def _break_the_schema(connection: asyncpg.Connection) -> None:
    await connection.execute("ALTER TABLE users DROP COLUMN display_name")


def test_spoofed_forwarding_header_does_not_change_the_client_in_the_log(live_server: LiveServer) -> None:
    answers = [_forwarded(live_server, address) for address in ("198.51.100.1", "198.51.100.2")]

    assert len(_clients(live_server, answers)) == 1


def test_trusted_proxy_tells_the_client_in_the_log(live_database_url: str, start_server: StartServer) -> None:
    server = start_server(live_database_url, TRUSTED_PROXIES="127.0.0.0/8")

    answers = [_forwarded(server, f"made-up, {address}") for address in ("198.51.100.1", "198.51.100.2")]

    assert len(_clients(server, answers)) == 2
    assert "198.51.100" not in "\n".join(server.lines())


@pytest.mark.parametrize("workers", ["1", "2"])
def test_server_on_every_address_takes_both_families_and_knows_its_proxies(
    live_database_url: str, start_server: StartServer, workers: str
) -> None:
    server = start_server(live_database_url, HOST="::", TRUSTED_PROXIES="127.0.0.0/8, ::1", WORKERS=workers)

    by_family = [_forwarded(server, "198.51.100.1", host) for host in ("127.0.0.1", "::1")]

    direct = _forwarded(server, "198.51.100.2")
    assert len(_clients(server, by_family)) == 1
    assert len(_clients(server, [*by_family, direct])) == 2


def test_client_is_the_same_with_and_without_its_port(live_database_url: str, start_server: StartServer) -> None:
    server = start_server(live_database_url, TRUSTED_PROXIES="127.0.0.0/8")
    same = {
        "198.51.100.1:40000": "198.51.100.1",
        "[2001:db8::1]:40000": "2001:db8::1",
        "[2001:db8::1]": "2001:db8::1",
        "198.51.100.1:40000, 127.0.0.1:50000": "198.51.100.1",
        "203.0.113.9, 198.51.100.1:40000": "198.51.100.1",
    }

    clients = {sent: _clients(server, [_forwarded(server, one) for one in (sent, bare)]) for sent, bare in same.items()}

    assert [sent for sent, seen in clients.items() if len(seen) > 1] == []
    assert len(set.union(*clients.values())) == 2


def _forwarded(server: LiveServer, addresses: str, host: str = "127.0.0.1") -> RawAnswer:
    headers = {"X-Forwarded-For": addresses, "Forwarded": f"for={addresses}"}
    return exchange(server, request_of("GET /healthz", headers), host=host)


def _clients(server: LiveServer, answers: list[RawAnswer]) -> set[object]:
    return {lines_about(server, answer.headers["X-Request-ID"])[-1]["client"] for answer in answers}
