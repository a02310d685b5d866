"""Request ids, access lines, security headers, CORS."""

import re

import httpx2
import pytest
from fastapi import FastAPI, Request, Response
from starlette.types import Receive, Scope, Send

from app.core.middleware.body_limit import BodyLimitMiddleware
from app.core.middleware.head import HeadMiddleware
from app.core.middleware.request_context import RequestContextMiddleware
from app.core.middleware.security_headers import SecurityHeadersMiddleware
from app.core.middleware.server_errors import ServerErrorsMiddleware
from app.core.settings import Settings
from app.db.database import Database
from app.main import create_app
from tests.plugins.client import open_client

ORIGIN = "https://app.example.com"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings with one origin that browsers may call from."""
    return settings.model_copy(update={"cors_origins": [ORIGIN]})


@pytest.mark.parametrize("sent", ["abc", "A.b-c_9", "x" * 64])
async def test_good_request_id_is_kept(anonymous: httpx2.AsyncClient, sent: str) -> None:
    response = await anonymous.get("/healthz", headers={"X-Request-ID": sent})

    assert response.headers["x-request-id"] == sent


@pytest.mark.parametrize("sent", ["", "a b", "<script>", "x" * 65, "x" * 3000, "a;b", "é"])
async def test_bad_request_id_is_replaced(anonymous: httpx2.AsyncClient, sent: str) -> None:
    response = await anonymous.get("/healthz", headers=[(b"X-Request-ID", sent.encode())])

    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["x-request-id"])


async def test_request_has_one_access_line(client: httpx2.AsyncClient, logs: list[dict[str, object]]) -> None:
    response = await client.get("/api/v1/users/me?secret=1")

    (line,) = [line for line in logs if line["event"] == "request"]
    assert line["method"] == "GET"
    assert line["route"] == "/api/v1/users/me"
    assert line["status"] == 200
    assert line["request_id"] == response.headers["x-request-id"]
    assert line["user_id"] == response.json()["id"]
    assert "secret" not in str(line)


async def test_access_line_holds_a_pseudonym_and_no_address(
    anonymous: httpx2.AsyncClient, logs: list[dict[str, object]]
) -> None:
    await anonymous.get("/healthz")

    assert "192.0.2.1" not in str(logs)
    assert re.fullmatch(r"[0-9a-f]{16}", str(logs[-1]["client"]))


async def test_unknown_address_is_logged_short(anonymous: httpx2.AsyncClient, logs: list[dict[str, object]]) -> None:
    await anonymous.get("/" + "x" * 1000)

    assert logs[-1]["route"] is None
    assert logs[-1]["path"] == "/" + "x" * 199


async def test_every_answer_has_the_security_headers(anonymous: httpx2.AsyncClient) -> None:
    response = await anonymous.get("/nothing")

    assert response.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "strict-transport-security" not in response.headers


async def test_deployed_service_insists_on_https(settings: Settings, database: Database) -> None:
    deployed = settings.model_copy(update={"environment": "production"})

    async with open_client(create_app(deployed, database=database)) as client:
        response = await client.get("/healthz")

    assert response.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


def _preflight(*, method: str = "GET", headers: str = "authorization") -> dict[str, str]:
    return {"Origin": ORIGIN, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}


@pytest.mark.parametrize("method", ["PATCH", "HEAD"])
@pytest.mark.parametrize(
    "headers", ["authorization", "content-type,idempotency-key", "if-none-match", "baggage,sentry-trace,traceparent"]
)
async def test_browser_of_a_known_origin_may_call(anonymous: httpx2.AsyncClient, method: str, headers: str) -> None:
    preflight = _preflight(method=method, headers=headers)

    response = await anonymous.options("/api/v1/users/me", headers=preflight)

    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == ORIGIN


@pytest.mark.parametrize(("named", "status"), [([], 400), (["X-Tenant"], 200), (["x-tenant", "If-Match"], 200)])
async def test_headers_that_pages_may_send_are_a_setting_that_never_takes_sign_in_away(
    settings: Settings, database: Database, named: list[str], status: int
) -> None:
    changed = settings.model_copy(update={"cors_headers": named})

    async with open_client(create_app(changed, database=database)) as client:
        response = await client.options("/healthz", headers=_preflight(headers="authorization,x-tenant"))

    assert response.status_code == status


async def test_browser_of_another_origin_may_not(anonymous: httpx2.AsyncClient) -> None:
    response = await anonymous.get("/healthz", headers={"Origin": "https://evil.example"})

    assert "access-control-allow-origin" not in response.headers


async def test_preflight_of_another_origin_is_refused_with_an_error_document(anonymous: httpx2.AsyncClient) -> None:
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}

    response = await anonymous.options("/api/v1/users/me", headers=preflight)

    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "cors_refused"
    assert response.json()["request_id"] == response.headers["x-request-id"]
    assert "access-control-allow-origin" not in response.headers


async def test_browser_can_read_the_headers_that_matter(anonymous: httpx2.AsyncClient) -> None:
    response = await anonymous.get("/healthz", headers={"Origin": ORIGIN})

    assert response.headers["access-control-expose-headers"] == "X-Request-ID, Location, Retry-After, ETag, Link"


async def test_error_after_the_start_of_an_answer_cuts_the_connection() -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("too late")

    transport = httpx2.ASGITransport(app=ServerErrorsMiddleware(app))
    async with httpx2.AsyncClient(transport=transport, base_url="http://service.test") as client:
        with pytest.raises(RuntimeError, match="too late"):
            await client.get("/")


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda app: RequestContextMiddleware(app, route_of=lambda _scope: None, pseudonym_key=b""),
        lambda app: SecurityHeadersMiddleware(app, https=True),
        ServerErrorsMiddleware,
        lambda app: BodyLimitMiddleware(app, max_bytes=1),
        lambda app: HeadMiddleware(app, methods_of=lambda _path: set()),
    ],
    ids=["request context", "security headers", "server errors", "body limit", "head"],
)
async def test_what_is_not_http_passes_through(wrapped: object) -> None:
    seen: list[str] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope["type"])

    assert callable(wrapped)
    await wrapped(app)({"type": "lifespan"}, None, None)

    assert seen == ["lifespan"]


async def test_client_without_an_address_is_logged_without_one(app: FastAPI, logs: list[dict[str, object]]) -> None:
    async with open_client(app):
        transport = httpx2.ASGITransport(app=app, client=None)  # type: ignore[arg-type] # as for Unix sockets
        async with httpx2.AsyncClient(transport=transport, base_url="http://service.test") as client:
            await client.get("/healthz")

    assert logs[-1]["client"] is None


async def test_answer_has_one_request_id_also_where_a_route_sets_its_own(
    app: FastAPI, anonymous: httpx2.AsyncClient
) -> None:
    async def proxied(response: Response) -> None:
        response.headers["X-Request-ID"] = "upstream"

    app.add_api_route("/proxied", proxied)

    answer = await anonymous.get("/proxied", headers={"X-Request-ID": "ours"})

    assert answer.headers.get_list("x-request-id") == ["ours"]


@pytest.mark.parametrize("root_path", ["", "/shop"])
@pytest.mark.parametrize(("path", "size", "status"), [("/files", 9, 200), ("/files", 10, 413), ("/notes", 6, 413)])
async def test_operation_may_have_a_limit_of_its_own_on_its_body(
    root_path: str, path: str, size: int, status: int
) -> None:
    async def read(request: Request) -> int:
        return len(await request.body())

    app = FastAPI()
    for each in ("/files", "/notes"):
        app.add_api_route(each, read, methods=["POST"])
    limited = BodyLimitMiddleware(app, max_bytes=5, uploads={"POST /files": 9})

    transport = httpx2.ASGITransport(limited, root_path=root_path)
    async with httpx2.AsyncClient(transport=transport, base_url="http://service.test") as client:
        response = await client.post(f"{root_path}{path}", content=b"x" * size)

    assert response.status_code == status
