"""Responses held to a contract."""

import json
from dataclasses import replace

import pytest

from service_devkit.contract.responses import DeclaredResponses, Response
from service_devkit.contract.values import Node, mapping, plain

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
    assert list(DeclaredResponses(CONTRACT).violations(response)) == []


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
    (found,) = DeclaredResponses(CONTRACT).violations(response)

    assert breach in found


def _declared_responses(content: Node) -> DeclaredResponses:
    return DeclaredResponses({"paths": {"/x": {"get": {"responses": {"200": {"content": content}}}}}})


TEXT: Node = {"schema": {"type": "string", "pattern": "^id,name"}}
NOT_JSON = [
    ("text/csv", TEXT, "text/csv; charset=utf-8", b"id,name\r\n1,Emma\r\n", None),
    ("text/csv", TEXT, "text/csv; charset=utf-8", b"name,id\r\n", "does not match '^id,name'"),
    ("text/csv", TEXT, "text/csv", b"\xff", "the body is not UTF-8"),
    ("text/csv", {"schema": {"pattern": "^é$"}}, 'text/csv; header=present; charset="ISO-8859-1"', b"\xe9", None),
    ("text/csv", TEXT, "text/csv; charset=klingon", b"id,name", "the body is not KLINGON"),
    ("Text/CSV; charset=utf-8", TEXT, "text/csv", b"id,name", None),
    ("text/event-stream", {"schema": {"type": "string"}}, "text/event-stream", b"event: a\ndata: {}\n\n", None),
    ("text/event-stream", {}, "text/event-stream", b"", None),
    ("application/pdf", {"schema": {"type": "string", "format": "binary"}}, "application/pdf", b"%PDF\xff", None),
    ("application/octet-stream", {}, "application/octet-stream", b"", None),
    ("image/*", {}, "image/png", b"\x89PNG", None),
    ("*/*", {}, "video/mp4", b"\x00", None),
    ("application/pdf", {}, "text/html", b"<p>", "text/html, where the contract has application/pdf"),
    ("application/vnd.plan+json", {"schema": {"type": "object"}}, "application/vnd.plan+json", b"[]", "is not of type 'object'"),
    ("application/json", {"schema": {"type": "object"}}, "application/json", b"", "the body is not JSON"),
    ("application/json", {"schema": {"type": "object"}}, "Application/JSON", b"{}", None),
]  # fmt: skip


@pytest.mark.parametrize(("promised", "entry", "content_type", "body", "breach"), NOT_JSON)
def test_every_media_type_is_held_to_what_can_be_said_of_it(
    promised: str, entry: Node, content_type: str, body: bytes, breach: str | None
) -> None:
    response = Response("GET", "/x", 200, {"content-type": content_type}, body)

    found = list(_declared_responses({promised: entry}).violations(response))

    assert [each for each in found if breach is None or breach not in each] == []
    assert bool(found) == (breach is not None)
