"""Contracts of one noun, and what is written for it."""

from collections.abc import Mapping
from pathlib import Path

from devkit.tests.processes import SERVICE

from service_devkit.contract.document import parse
from service_devkit.scaffold.files import files_of
from service_devkit.scaffold.resource import Resource, resource_of

CONTRACT = """
openapi: 3.1.0
info: {title: Shelf, version: "1"}
tags: [{name: old books, description: Books that nobody reads.}]
paths:
  /api/v1/old-books:
    post:
      operationId: shelve_book
      tags: [old books]
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/OldBookCreate"}}}}
  /api/v1/old-books/{book_id}:
    get: {operationId: find_book, tags: [old books]}
    delete: {operationId: burn_book, tags: [old books]}
components:
  schemas:
    OldBookCreate:
      type: object
      properties:
        title: {type: string}
        pages: {type: [integer, "null"]}
        printed_at: {type: string, format: date-time}
      examples: [{title: Emma}]
"""
BOOKS = """
openapi: 3.1.0
info: {title: Shelf, version: "1"}
tags: [{name: books, description: What can be read.}]
paths:
  /api/v1/books:
    post:
      operationId: add_book
      tags: [books]
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/BookCreate"}}}}
    get:
      operationId: list_books
      tags: [books]
      parameters:
        - {name: limit, in: query, schema: {type: integer}}
        - {name: offset, in: query, schema: {type: integer}}
  /api/v1/books/{book_id}:
    get: {operationId: read_book, tags: [books]}
    patch:
      operationId: change_book
      tags: [books]
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/BookUpdate"}}}}
    delete: {operationId: remove_book, tags: [books]}
components:
  schemas:
    BookUpdate: {type: object, examples: [{pages: 4}]}
    BookRead:
      type: object
      properties: {state: {type: string, enum: [new, old]}}
    BookCreate:
      type: object
      properties:
        title: {type: string}
        pages: {type: integer}
        price: {type: string, format: decimal, pattern: "^[0-9]{1,4}[.][0-9]{2}$"}
        due: {type: [string, "null"], format: date}
        stars: {type: [integer, "null"]}
        lent_at: {type: string, format: date-time}
        labels: {type: array, items: {type: string}}
        shelf_id: {type: string, format: uuid}
        is_torn: {type: boolean}
        answer_by: {type: [string, "null"], format: date}
      examples:
        - {title: Emma, pages: 3, price: "19.90", due: "2026-08-31", stars: 1, labels: [red], is_torn: false}
"""
CHAPTERS = """
  /api/v1/books/{book_id}/chapters:
    post:
      operationId: add_chapter
      tags: [chapters]
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/ChapterCreate"}}}}
    get: {operationId: list_chapters, tags: [chapters]}
  /api/v1/books/{book_id}/chapters/{chapter_id}:
    get: {operationId: read_chapter, tags: [chapters]}
    patch:
      operationId: change_chapter
      tags: [chapters]
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/ChapterUpdate"}}}}
    delete: {operationId: remove_chapter, tags: [chapters]}
components:
  schemas:
    ChapterUpdate: {type: object}
    ChapterCreate: {type: object, properties: {text: {type: string}}, examples: [{text: It was}]}
"""
SHARED = BOOKS.replace("description: What can be read.", "description: What can be read., x-written-by: staff")


def asking(*parameters: str) -> str:
    """The contract of books whose list takes parameters."""
    lines = "".join(f"        - {{in: query, {each}}}\n" for each in parameters)
    return BOOKS.replace("  /api/v1/books/{book_id}:\n", f"{lines}  /api/v1/books/{{book_id}}:\n")


def with_chapters(books: str = BOOKS) -> str:
    """The contract of books that have chapters."""
    paths = books.replace("\ncomponents:\n  schemas:\n", CHAPTERS)
    return paths.replace("tags: [{name: books", "tags: [{name: chapters, description: Parts of books.}, {name: books")


def described(contract: str, tag: str = "books") -> Resource:
    """What a contract says about a noun."""
    return resource_of(parse(contract, name="test"), tag)


def written(contract: str, tag: str = "books", root: Path = SERVICE) -> Mapping[str, str]:
    """The files of a noun, with every line on one line, before they are formatted."""
    return files_of(described(contract, tag), root)
