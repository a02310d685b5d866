"""Every deviation from the contract is reported; what means the same is none."""

import re
from pathlib import Path

import pytest
from devkit.tests.contract import books
from devkit.tests.contract.books import CONTRACT, load

from service_devkit.contract.comparison import compare
from service_devkit.contract.operations import operations
from service_devkit.contract.report import handlers, render
from service_devkit.contract.validity import faults
from service_devkit.contract.values import Node, mapping, plain

ROOT = Path(__file__).resolve().parents[2]
APP = books.make_app()
PROMISES = operations(mapping(plain(APP.openapi())))


def report(contract: Node) -> str:
    return "\n".join(render(compare(operations(contract), PROMISES), handlers(APP, ROOT)))


def test_the_same_promises_in_another_spelling_are_no_deviation(tmp_path: Path) -> None:
    contract = load(tmp_path, CONTRACT)

    assert list(faults(contract)) == []
    assert report(contract) == ""


@pytest.mark.parametrize(
    ("written", "instead", "expected"),
    [
        pytest.param(
            "    post:",
            "    put:",
            "POST /books  tests/contract/books.py:LINE\n    only in the application, not in the contract",
            id="a route that the contract does not know",
        ),
        pytest.param(
            "    post:",
            "    put:",
            "PUT /books  (no handler in the application)\n    only in the contract, not in the application",
            id="a route that the application does not have",
        ),
        pytest.param(
            "operationId: add_book",
            "operationId: create_book",
            'operationId: "create_book" in the contract, "add_book" in the application',
            id="another operationId",
        ),
        pytest.param(
            "        200:",
            "        404: {description: Unknown}\n        200:",
            "responses > 404: only in the contract, not in the application",
            id="a status that is not declared",
        ),
        pytest.param(
            '        "201": ',
            '        "200": ',
            "responses > 201: only in the application, not in the contract",
            id="another status",
        ),
        pytest.param(
            "{code: {type: string",
            "{code: {type: integer",
            'properties > code > type: "integer" in the contract, "string" in the application',
            id="another type",
        ),
        pytest.param(
            "note: {",
            "remark: {",
            "schema Book > properties > remark: only in the contract, not in the application",
            id="a renamed field",
        ),
        pytest.param(
            "content: {application/json: {schema: {type: array",
            "content: {text/csv: {schema: {type: array",
            "responses > 200 > content > text/csv: only in the contract, not in the application",
            id="another media type",
        ),
        pytest.param(
            "security: [{key: []}]",
            "security: []",
            "security: only in the application, not in the contract",
            id="security that the contract does not ask for",
        ),
        pytest.param(
            "name: X-Key",
            "name: X-Token",
            'security > name: "X-Token" in the contract, "X-Key" in the application',
            id="another security scheme",
        ),
        pytest.param(
            "default: 20",
            "default: 50",
            "parameters > query limit > schema > default: 50 in the contract, 20 in the application",
            id="another default",
        ),
        pytest.param(
            "headers: {X-Total:",
            "headers: {ETag: {schema: {type: string}}, X-Total:",
            "responses > 200 > headers > etag: only in the contract, not in the application",
            id="a missing header",
        ),
        pytest.param(
            "requestBody:\n        required: true",
            "requestBody:\n        required: false",
            "request body > required: false in the contract, true in the application",
            id="a body that may be left out",
        ),
        pytest.param(
            "required: [title, kind]",
            "required: [title, kind, note]",
            'schema Book > required: only in the contract, not in the application (["note"])',
            id="a field that must be there",
        ),
        pytest.param(
            "enum: [novel, essay]",
            "enum: [novel, essay, poem]",
            'properties > kind > enum: only in the contract, not in the application (["poem"])',
            id="another choice",
        ),
        pytest.param(
            'note: {type: [string, "null"]',
            "note: {type: string",
            "schema Book > properties > note",
            id="a field that may not be null",
        ),
        pytest.param(
            "additionalProperties: false",
            "additionalProperties: true",
            "schema Book > additionalProperties: only in the application, not in the contract (false)",
            id="unknown fields allowed",
        ),
        pytest.param(
            "maxLength: 200",
            "maxLength: 100",
            "schema Book > properties > title > maxLength: 100 in the contract, 200 in the application",
            id="another limit",
        ),
        pytest.param(
            "name: X-Trace, in: header",
            "name: X-Trace, required: true, in: header",
            "parameters > header x-trace > required: true in the contract, false in the application",
            id="a parameter that must be there",
        ),
    ],
)
def test_deviation_is_reported(tmp_path: Path, written: str, instead: str, expected: str) -> None:
    assert CONTRACT.count(written) == 1

    output = report(load(tmp_path, CONTRACT.replace(written, instead)))

    assert expected in re.sub(r"\.py:\d+", ".py:LINE", output)


def test_true_is_not_one(tmp_path: Path) -> None:
    contract = operations(load(tmp_path, CONTRACT.replace("default: 20", "default: true")))
    application = operations(load(tmp_path, CONTRACT.replace("default: 20", "default: 1")))

    assert len(compare(contract, application)) == 1


def test_deviation_in_a_shared_schema_is_reported_once_with_every_operation(tmp_path: Path) -> None:
    output = report(load(tmp_path, CONTRACT.replace("maxLength: 50", "maxLength: 60")))

    assert output.count("maxLength") == 1
    assert "GET /books" in output
    assert "POST /books" in output


def test_each_deviation_says_which_side_to_change(tmp_path: Path) -> None:
    output = report(load(tmp_path, CONTRACT.replace("maxLength: 50", "maxLength: 60")))

    assert "-> change the application to what the contract says" in output


def test_handler_is_named_by_its_file_and_line() -> None:
    line = next(
        n
        for n, text in enumerate(Path(books.__file__).read_text(encoding="utf-8").splitlines(), 1)
        if '@app.post("/books"' in text
    )

    assert handlers(APP, ROOT)["POST /books"] == f"tests/contract/books.py:{line}"
