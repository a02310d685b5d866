"""Callers that ask too often."""

import httpx2
import pytest
from fastapi import FastAPI, Request
from service_devkit.fixtures.queries import QueryBudget
from starlette.types import Message

from app.core.settings import Settings
from app.db.database import Database
from app.main import create_app
from app.schemas.health import Health


@pytest.fixture
def app(settings: Settings, database: Database) -> FastAPI:
    """An application that lets a caller ask three times a minute."""
    return create_app(settings.model_copy(update={"rate_limit": "3/hour"}), database=database)


async def test_caller_over_the_limit_learns_when_to_retry(client: httpx2.AsyncClient) -> None:
    statuses = [(await client.get("/api/v1/users/me")).status_code for _ in range(4)]
    response = await client.get("/api/v1/users/me")

    assert statuses == [200, 200, 200, 429]
    assert response.json()["code"] == "too_many_requests"
    assert 1 <= int(response.headers["retry-after"]) <= 3600


async def test_requests_with_a_broken_body_count_too(client: httpx2.AsyncClient) -> None:
    json = {"Content-Type": "application/json"}

    statuses = [(await client.patch("/api/v1/users/me", content=b"{", headers=json)).status_code for _ in range(4)]

    assert statuses == [400, 400, 400, 429]


async def test_asking_for_heads_counts_too(client: httpx2.AsyncClient) -> None:
    statuses = [(await client.head("/api/v1/users/me")).status_code for _ in range(4)]

    assert statuses == [200, 200, 200, 429]


async def test_spoofed_forwarding_headers_change_nothing(client: httpx2.AsyncClient) -> None:
    statuses = []
    for number in range(4):
        spoofed = {"X-Forwarded-For": f"203.0.113.{number}", "Forwarded": f"for=203.0.113.{number}"}
        statuses.append((await client.get("/api/v1/users/me", headers=spoofed)).status_code)

    assert statuses == [200, 200, 200, 429]


async def test_refused_request_sends_no_statement(client: httpx2.AsyncClient, query_budget: QueryBudget) -> None:
    for _ in range(3):
        await client.get("/api/v1/users/me")

    with query_budget(0):
        response = await client.patch("/api/v1/users/me", json={"locale": "fr"})

    assert response.status_code == 429


async def _nothing(_body: Health) -> None:
    """A public operation with a body."""


async def test_broken_bodies_of_public_operations_count_against_the_address(
    app: FastAPI, anonymous: httpx2.AsyncClient
) -> None:
    app.add_api_route("/public", _nothing, methods=["POST"])
    json = {"Content-Type": "application/json"}

    statuses = [(await anonymous.post("/public", content=b"{", headers=json)).status_code for _ in range(5)]

    assert statuses == [400, 400, 400, 429, 429]


async def _reads(request: Request) -> None:
    """A public operation that reads its body itself."""
    await request.body()


async def test_client_that_hangs_up_is_no_mistake_of_the_service_and_counts(
    app: FastAPI, logs: list[dict[str, object]]
) -> None:
    app.add_api_route("/public", _reads, methods=["POST"])
    statuses: list[int] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        statuses.extend([message["status"]] if message["type"] == "http.response.start" else [])

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/public",
        "raw_path": b"/public",
        "query_string": b"",
        "headers": [],
        "client": ("192.0.2.1", 40_000),
        "server": ("127.0.0.1", 80),
    }
    for _ in range(4):
        await app({**scope, "state": {}}, receive, send)

    assert statuses == [400, 400, 400, 429]
    assert [line for line in logs if line["log_level"] == "error"] == []
