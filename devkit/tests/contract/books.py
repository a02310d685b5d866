"""A small application and its contract, which mean the same."""

from pathlib import Path
from typing import Annotated, Literal

from fastapi import FastAPI, Header, Query, Security
from fastapi.security import APIKeyHeader
from pydantic import BaseModel, ConfigDict, Field

from service_devkit.contract.document import read
from service_devkit.contract.values import Node

# Every spelling here differs from what FastAPI writes for `make_app`, and means the same.
CONTRACT = """
openapi: 3.1.0
info: {title: Books, version: "1"}
security: [{key: []}]
paths:
  /books:
    parameters:
      - $ref: "#/components/parameters/Limit"
    get:
      operationId: list_books
      summary: Books, newest first
      parameters:
        - {name: X-Trace, in: header, schema: {type: [string, "null"]}}
      responses:
        200:
          description: A page of books
          headers: {X-Total: {schema: {type: integer}}}
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Book"}}}}
        "422": {$ref: "#/components/responses/Refused"}
    post:
      operationId: add_book
      parameters: []
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: "#/components/schemas/Book"}}}
      responses:
        "201": {description: Added, content: {application/json: {schema: {$ref: "#/components/schemas/Book"}}}}
        "422": {$ref: "#/components/responses/Refused"}
components:
  parameters:
    Limit: {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 100, default: 20}}
  responses:
    Refused: {description: Refused, content: {application/problem+json: {schema: {$ref: "#/components/schemas/Problem"}}}}
  schemas:
    Problem:
      type: object
      required: [code]
      properties: {code: {type: string, description: a stable word}}
    Book:
      type: object
      additionalProperties: false
      required: [title, kind]
      properties:
        title: {type: string, minLength: 1, maxLength: 200, example: 2026-11-20}
        kind: {enum: [novel, essay], type: string}
        language: {const: fr, default: fr}
        note: {type: [string, "null"], maxLength: 50}
        sequel: {oneOf: [{type: "null"}, {$ref: "#/components/schemas/Book"}]}
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Key}
"""


class Book(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=200)
    kind: Literal["essay", "novel"]
    language: Literal["fr"] = "fr"
    note: Annotated[str, Field(max_length=50)] | None = None
    sequel: "Book | None" = None


class Problem(BaseModel):
    code: str


def make_app() -> FastAPI:
    refused = {"content": {"application/problem+json": {"schema": Problem.model_json_schema()}}}
    total = {"headers": {"x-total": {"schema": {"type": "integer"}}}}
    key = Security(APIKeyHeader(name="X-Key", scheme_name="by key"))
    app = FastAPI(dependencies=[key], responses={422: refused})

    @app.get("/books", operation_id="list_books", responses={200: total})
    async def list_books(
        x_trace: Annotated[str | None, Header()] = None, limit: Annotated[int, Query(ge=1, le=100)] = 20
    ) -> list[Book]:
        raise NotImplementedError

    @app.post("/books", operation_id="add_book", status_code=201)
    async def add_book(book: Book, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> Book:
        raise NotImplementedError

    return app


def publish(root: Path, text: str = CONTRACT) -> Path:
    """Make it the contract of the service at `root`."""
    path = root / "contracts" / "openapi.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def load(folder: Path, text: str) -> Node:
    path = folder / "openapi.yaml"
    path.write_text(text, encoding="utf-8")
    return read(path)
