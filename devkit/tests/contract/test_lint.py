"""The conventions: a clean contract, and each rule broken once."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from devkit.tests.contract.books import load, publish

from service_devkit.contract.commands import contract
from service_devkit.contract.lint import findings
from service_devkit.contract.validity import faults

CLEAN = """
openapi: 3.1.0
info: {title: Library, version: "1"}
security: [{key: []}]
tags: [{name: books}]
paths:
  /healthz:
    get:
      operationId: healthz
      tags: [books]
      summary: Check that the process answers
      security: []
      x-unlimited: true
      responses:
        "204": {description: It does.}
  /old-books:
    get:
      operationId: list_books
      tags: [books]
      summary: List the books
      parameters:
        - {name: limit, in: query, description: How many, schema: {type: integer, default: 20, minimum: 1, maximum: 100}}
        - {name: offset, in: query, description: From where, schema: {type: integer, default: 0, minimum: 0, maximum: 1000}}
      responses:
        "200": {description: Some., content: {application/json: {schema: {$ref: "#/components/schemas/BookPage"}}}}
        "401": {$ref: "#/components/responses/Problem"}
        "403": {$ref: "#/components/responses/Problem"}
        "422": {$ref: "#/components/responses/Problem"}
        "429": {$ref: "#/components/responses/Problem"}
        "503": {$ref: "#/components/responses/Problem"}
  /old-books/{book_id}:
    put:
      operationId: replace_book
      tags: [books]
      summary: Put another book in its place
      parameters:
        - {name: book_id, in: path, required: true, description: Which one, schema: {type: integer}}
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Book"}}}}
      responses:
        "200": {description: The book., content: {application/json: {schema: {$ref: "#/components/schemas/Book"}}}}
        "400": {$ref: "#/components/responses/Problem"}
        "401": {$ref: "#/components/responses/Problem"}
        "403": {$ref: "#/components/responses/Problem"}
        "404": {$ref: "#/components/responses/Problem"}
        "413": {$ref: "#/components/responses/Problem"}
        "415": {$ref: "#/components/responses/Problem"}
        "422": {$ref: "#/components/responses/Problem"}
        "429": {$ref: "#/components/responses/Problem"}
        "503": {$ref: "#/components/responses/Problem"}
components:
  responses:
    Problem: {description: An error., content: {application/problem+json: {schema: {type: object}}}}
  schemas:
    Book:
      type: object
      required: [short_title]
      properties: {short_title: {type: string, maxLength: 10}}
      examples: [{short_title: Emma}]
    BookPage:
      type: object
      properties: {items: {type: array, items: {$ref: "#/components/schemas/Book"}}}
      examples: [{items: [{short_title: Emma}]}]
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Key}
"""


def test_clean_contract_has_no_finding(tmp_path: Path) -> None:
    clean = load(tmp_path, CLEAN)

    assert list(faults(clean)) == []
    assert list(findings(clean)) == []


def test_list_that_goes_on_behind_an_item_needs_no_offset(tmp_path: Path) -> None:
    assert list(findings(load(tmp_path, CLEAN.replace("name: offset", "name: after")))) == []


@pytest.mark.parametrize(
    ("part", "broken", "finding"),
    [
        ("summary: List the books", "x-summary: none", "GET /old-books: needs a summary"),
        ("tags: [books]\n      summary: List", "tags: [maps]\n      summary: List", "needs a tag that the contract describes"),
        ("tags: [books]\n      summary: List", "summary: List", "needs a tag that the contract describes"),
        ("description: Which one, ", "", "PUT /old-books/{book_id}: the parameter book_id needs a description"),
        ("operationId: list_books", "operationId: listBooks", "needs an operationId in snake_case"),
        ("operationId: list_books", "x-id: none", "needs an operationId in snake_case"),
        ("/old-books:", "/old_books:", "GET /old_books: paths are written in lower case with dashes"),
        ("name: limit", "name: pageSize", "the parameter pageSize is not in snake_case"),
        ("name: limit", "name: size", "returns items, so it needs the parameter limit"),
        ("default: 20, ", "", "the parameter limit needs a default, a minimum and a maximum"),
        ("name: offset", "name: start", "returns items, so it needs the parameter offset"),
        (', minimum: 0, maximum: 1000', "", "the parameter offset needs a default, a minimum and a maximum"),
        ('        "403": {$ref: "#/components/responses/Problem"}\n', "", "needs a caller, so it can answer 403"),
        ("      security: []\n", "", "GET /healthz: needs a caller, so it can answer 401, 403, 429, 503: write it with `just contract --fill`"),
        ("      x-unlimited: true\n", "", "GET /healthz: is for anybody and not x-unlimited, so it can answer 429, 503: write it with `just"),
        ('        "422": {$ref: "#/components/responses/Problem"}\n        "429": {$ref: "#/components/responses/Problem"}\n        "503": {$ref: "#/components/responses/Problem"}\n  /old-books/', "  /old-books/", "GET /old-books: takes parameters, so it can answer 422: write it with"),
        ('        "415": {$ref: "#/components/responses/Problem"}\n', "", "takes a body, so it can answer 415"),
        ('        "404": {$ref: "#/components/responses/Problem"}\n', "", "takes an id, so it can answer 404"),
        ("application/problem+json", "application/json", "401 must be application/problem+json"),
        ("      examples: [{short_title: Emma}]\n", "", "the schema Book needs examples"),
        ("examples: [{short_title: Emma}]", "examples: [{}]", "schema Book: example 1: $: 'short_title' is a required property"),
        ("items: [{short_title: Emma}]", "items: [{short_title: Emma the second}]", "schema BookPage: example 1: $.items[0].short_title"),
        ("BookPage", "book_page", "schema book_page: is not in PascalCase"),
        ("short_title", "shortTitle", "schema Book: the property shortTitle is not in snake_case"),
    ],
)  # fmt: skip
def test_broken_rule_is_found_with_its_place(tmp_path: Path, part: str, broken: str, finding: str) -> None:
    assert part in CLEAN

    found = [str(each) for each in findings(load(tmp_path, CLEAN.replace(part, broken)))]

    assert any(finding in line for line in found), found


@pytest.mark.parametrize(
    "order",
    [
        "{id: {type: integer}, items: {type: array, items: {$ref: '#/components/schemas/Book'}}}",
        "{items: {type: integer}}",
        "{items: {type: string}, total: {type: integer}}",
        "{items: {type: object}}",
    ],
)
def test_property_called_items_makes_no_page(tmp_path: Path, order: str) -> None:
    page = "{items: {type: array, items: {$ref: '#/components/schemas/Book'}}}".replace("'", '"')
    changed = (
        CLEAN.replace(page, order)
        .replace("name: limit", "name: size")
        .replace("examples: [{items: [{short_title: Emma}]}]", "examples: [{}]")
    )

    assert changed.count(order) == 1
    assert [str(each) for each in findings(load(tmp_path, changed))] == []


def test_file_needs_no_example(tmp_path: Path) -> None:
    sent = "application/json: {schema: {$ref: '#/components/schemas/Book'}}".replace("'", '"')
    files = "application/pdf: {schema: {type: string, format: binary}}"

    assert CLEAN.count(sent) >= 1
    assert [str(each) for each in findings(load(tmp_path, CLEAN.replace(sent, files, 1)))] == []


def test_clean_contract_passes(project: Path) -> None:
    publish(project, CLEAN)

    result = CliRunner().invoke(contract, ["lint"])

    assert result.exit_code == 0, result.output
    assert result.output.endswith("findings: 0\n")


def test_lint_fails_on_a_finding(project: Path) -> None:
    publish(project, CLEAN.replace("summary: List the books", "x-summary: none"))

    result = CliRunner().invoke(contract, ["lint"])

    assert result.exit_code == 1
    assert result.output.splitlines()[0] == "contracts/openapi.yaml:17: GET /old-books: needs a summary"


def _go_without(project: Path, rules: str) -> None:
    with (project / "pyproject.toml").open("a") as file:
        file.write(f"[tool.devkit.contract]\nwithout-rules = {rules}\n")


@pytest.mark.parametrize(
    ("part", "rule"),
    [("summary: List the books", "has_descriptions"), ("short_title", "schema_has_conventional_names")],
)
def test_service_goes_without_a_rule(project: Path, part: str, rule: str) -> None:
    publish(project, CLEAN.replace(part, "shortTitle" if rule.startswith("schema") else "x-summary: none"))
    _go_without(project, f'["{rule}"]')

    result = CliRunner().invoke(contract, ["lint"])

    assert result.exit_code == 0, result.output


def test_rule_that_there_is_not_is_named_with_those_that_there_are(project: Path) -> None:
    publish(project, CLEAN)
    _go_without(project, '["no_such_rule"]')

    result = CliRunner().invoke(contract, ["lint"])

    assert result.exit_code == 1
    assert "without-rules names no_such_rule; the rules are has_descriptions, " in result.output
