"""Responses held to a contract."""

import json
from dataclasses import replace

import pytest

from service_devkit.contract.responses import Promises, Response
from service_devkit.contract.values import mapping, plain

CONTRACT = mapping(
    plain(
        {
            "paths": {
                "/books/{book_id}": {
                    "parameters": [{"name": "book_id", "in": "path"}],
                    "get": {
                        "responses": {
                            "200": {
                                "headers": {"ETag": {"schema": {"type": "string"}}},
                                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Book"}}},
                            }
                        }
                    },
                    "delete": {"responses": {"204": {"$ref": "#/components/responses/Gone"}}},
                },
                "/books/newest": {"get": {"responses": {"404": {"description": "none"}}}},
            },
            "components": {
                "responses": {"Gone": {"description": "gone"}},
                "schemas": {
                    "Book": {
                        "type": "object",
                        "required": ["id"],
                        "properties": {
                            "id": {"type": "string", "format": "uuid"},
                            "next": {"$ref": "#/components/schemas/Book"},
                        },
                    }
                },
            },
        }
    )
)
ID = "00000000-0000-4000-8000-000000000000"
GOOD = Response(
    "GET",
    f"/books/{ID}",
    200,
    {"etag": "1", "content-type": "application/json; charset=utf-8"},
    json.dumps({"id": ID}).encode(),
)
GONE = Response("DELETE", f"/books/{ID}", 204, {}, b"")


@pytest.mark.parametrize(
    "response",
    [GOOD, GONE, replace(GOOD, status=500), replace(GOOD, path="/elsewhere"), replace(GOOD, method="PUT", status=405)],
    ids=["as promised", "no body", "a mistake of the service", "another address", "a method that is not there"],
)
def test_promised_response_has_no_breach(response: Response) -> None:
    assert list(Promises(CONTRACT).breaches(response)) == []


@pytest.mark.parametrize(
    ("response", "breach"),
    [
        (replace(GOOD, status=201), "GET /books/{book_id} 201: the contract has only 200"),
        (replace(GOOD, path="/books/newest"), "GET /books/newest 200: the contract has only 404"),
        (replace(GOOD, headers={"content-type": "application/json"}), "200: the header ETag is missing"),
        (
            replace(GOOD, headers={"etag": "1", "content-type": "text/html"}),
            "text/html, where the contract has application/json",
        ),
        (replace(GOOD, headers={"etag": "1"}), "no media type, where the contract has application/json"),
        (replace(GOOD, body=b"{"), "the body is not JSON"),
        (replace(GOOD, body=b"{}"), "$: 'id' is a required property"),
        (replace(GOOD, body=b'{"id": "1"}'), "$.id: '1' is not a 'uuid'"),
        (replace(GOOD, body=json.dumps({"id": ID, "next": {}}).encode()), "$.next: 'id' is a required property"),
        (replace(GONE, body=b"x"), "204: the contract has no body"),
    ],
)
def test_breach_is_named_with_the_operation(response: Response, breach: str) -> None:
    (found,) = Promises(CONTRACT).breaches(response)

    assert breach in found
