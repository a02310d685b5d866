"""Every error is a problem document, wherever it is raised."""

import re
from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from sqlalchemy.exc import IntegrityError, TimeoutError as PoolTimeoutError

from app.core.errors import Forbidden
from app.core.settings import Settings
from app.db.database import Database
from app.main import create_app

ME = "/api/v1/users/me"
JSON = {"Content-Type": "application/json"}


async def _broken() -> None:
    raise RuntimeError("the password is hunter2")


async def _forbidden() -> None:
    raise Forbidden


async def _busy() -> None:
    raise PoolTimeoutError("QueuePool limit reached")


async def _violating() -> None:
    raise IntegrityError("INSERT", {}, Exception("fk"))


@pytest.fixture
def app(settings: Settings, database: Database) -> FastAPI:
    """The application with routes that fail in known ways."""
    app = create_app(settings.model_copy(update={"cors_origins": ["https://app.example.com"]}), database=database)
    router = APIRouter(prefix="/fail")
    for endpoint in (_broken, _forbidden, _busy, _violating):
        router.add_api_route(f"/{endpoint.__name__.removeprefix('_')}", endpoint)
    app.include_router(router)
    return app


def _problem(response: httpx2.Response, status: int, code: str) -> dict[str, object]:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, object] = response.json()
    assert document["type"] == "about:blank"
    assert document["status"] == status
    assert document["code"] == code
    assert document["request_id"] == response.headers["x-request-id"]
    return document


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/fail/broken", 500, "internal_error"),
        ("/fail/forbidden", 403, "forbidden"),
        ("/fail/busy", 503, "unavailable"),
        ("/fail/violating", 409, "conflict"),
        ("/nothing/here", 404, "not_found"),
        ("/api/v1/%00", 404, "not_found"),
    ],
)
async def test_error_has_one_shape_and_every_header(
    anonymous: httpx2.AsyncClient, path: str, status: int, code: str
) -> None:
    response = await anonymous.get(path, headers={"Origin": "https://app.example.com"})

    _problem(response, status, code)
    assert response.headers["access-control-allow-origin"] == "https://app.example.com"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"


async def test_unexpected_error_says_nothing_about_itself(
    anonymous: httpx2.AsyncClient, logs: list[dict[str, object]]
) -> None:
    response = await anonymous.get("/fail/broken")

    document = _problem(response, 500, "internal_error")
    assert "hunter2" not in response.text
    assert document["detail"] == "Something went wrong on our side."
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["unexpected error"]


async def test_service_that_is_busy_says_when_to_try_again(anonymous: httpx2.AsyncClient) -> None:
    response = await anonymous.get("/fail/busy")

    assert int(response.headers["retry-after"]) == 1


async def test_wrong_method_lists_every_allowed_one(anonymous: httpx2.AsyncClient) -> None:
    response = await anonymous.delete(ME)

    _problem(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "GET, HEAD, PATCH"


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe", b"[" * 100_000, b"9" * 5000])
async def test_body_that_is_not_json_is_refused(client: httpx2.AsyncClient, content: bytes) -> None:
    response = await client.patch(ME, content=content, headers=JSON)

    assert response.status_code in {400, 422}
    assert response.headers["content-type"] == "application/problem+json"


async def test_broken_json_is_400(client: httpx2.AsyncClient) -> None:
    response = await client.patch(ME, content=b'{"locale": ', headers=JSON)

    _problem(response, 400, "malformed_body")


@pytest.mark.parametrize(
    ("coding", "status"),
    [("gzip", 415), ("GZIP", 415), ("br", 415), ("identity, gzip", 415), ("identity", 200), ("", 200)],
)
async def test_compressed_body_is_415_whether_or_not_it_is_what_it_says(
    client: httpx2.AsyncClient, coding: str, status: int
) -> None:
    response = await client.patch(ME, content=b'{"locale": "fr"}', headers={**JSON, "Content-Encoding": coding})

    assert response.status_code == status
    if status == 415:
        _problem(response, 415, "unsupported_media_type")
        assert response.headers["accept-encoding"] == "identity"


async def test_coding_of_no_body_is_nobodys_concern(client: httpx2.AsyncClient) -> None:
    response = await client.get(ME, headers={"Content-Encoding": "gzip"})

    assert response.status_code == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/form-data", "json", ""])
async def test_wrong_content_type_is_415(client: httpx2.AsyncClient, content_type: str) -> None:
    response = await client.patch(ME, content=b'{"locale": "fr"}', headers={"Content-Type": content_type})

    _problem(response, 415, "unsupported_media_type")


async def test_lone_surrogate_is_422(client: httpx2.AsyncClient) -> None:
    response = await client.patch(ME, content=rb'{"display_name": "\ud800"}', headers=JSON)

    _problem(response, 422, "validation_failed")


async def test_validation_error_never_repeats_the_input(client: httpx2.AsyncClient) -> None:
    response = await client.patch(ME, json={"display_name": ["hunter2" * 100], "locale": "hunter2!"})

    document = _problem(response, 422, "validation_failed")
    assert "hunter2" not in response.text
    assert document["errors"] == [
        {
            "location": "body",
            "pointer": "/display_name",
            "code": "string_type",
            "detail": "Input should be a valid string",
        },
        {
            "location": "body",
            "pointer": "/locale",
            "code": "string_pattern_mismatch",
            "detail": "String should match pattern '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$'",
        },
    ]


async def test_errors_of_a_hostile_body_are_few_and_short(client: httpx2.AsyncClient) -> None:
    response = await client.patch(ME, json={f"{number}/~{'x' * 1000}": 1 for number in range(100)})

    errors = response.json()["errors"]
    assert len(errors) == 20
    assert all(len(error["pointer"]) == 200 for error in errors)
    assert re.match(r"/\d+~1~0xxx", errors[0]["pointer"])


async def test_body_above_the_limit_is_413_when_it_says_so(client: httpx2.AsyncClient) -> None:
    response = await client.patch(ME, content=b"x" * 131_073, headers=JSON)

    _problem(response, 413, "body_too_large")


async def test_body_above_the_limit_is_413_when_it_does_not_say_so(client: httpx2.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    response = await client.patch(ME, content=chunks(), headers=JSON)

    _problem(response, 413, "body_too_large")


async def test_body_at_the_limit_is_read(client: httpx2.AsyncClient) -> None:
    body = b'{"locale": "fr"}'.ljust(131_072)

    response = await client.patch(ME, content=body, headers=JSON)

    assert response.status_code == 200
