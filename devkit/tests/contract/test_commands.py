"""`devkit contract`, as a developer meets it."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from devkit.tests.contract import books
from devkit.tests.contract.books import CONTRACT, publish
from fastapi import FastAPI

from service_devkit.contract.commands import contract, deviations_of
from service_devkit.contract.comparison import Deviation
from service_devkit.contract.document import parse
from service_devkit.contract.operations import operations
from service_devkit.contract.report import render
from service_devkit.contract.stubs import ids_of, without


@pytest.fixture
def broken(project: Path) -> None:
    """A contract that the application does not keep in one place."""
    publish(project, CONTRACT.replace("operationId: add_book\n", "operationId: create_book\n"))


@pytest.mark.usefixtures("broken")
def test_verify_fails_on_a_contract_that_the_application_does_not_keep() -> None:
    result = CliRunner().invoke(contract, ["verify"])

    assert result.exit_code == 1
    assert "POST /books  " in result.output
    assert '    operationId: "create_book" in the contract, "add_book" in the application' in result.output


@pytest.mark.usefixtures("broken")
def test_report_for_programs_has_every_part_of_a_deviation() -> None:
    result = CliRunner().invoke(contract, ["verify", "--format", "json"])

    (deviation,) = json.loads(result.stdout)
    (operation,) = deviation["operations"]
    assert result.exit_code == 1
    assert operation["operation"] == "POST /books"
    assert operation["handler"].startswith(f"{books.__file__}:")
    assert (deviation["where"], deviation["contract"], deviation["application"]) == (
        ["operationId"],
        "create_book",
        "add_book",
    )
    assert deviation["recommendation"].startswith("change the application to what the contract says")


@pytest.mark.usefixtures("broken")
def test_report_for_a_merge_request_is_a_table() -> None:
    result = CliRunner().invoke(contract, ["verify", "--format", "markdown"])

    head, rule, row = result.stdout.splitlines()
    assert (head.count("|"), rule.count("|"), row.count("|")) == (5, 5, 5)
    assert row.startswith(f"| `POST /books` | `{books.__file__}:")
    assert '| operationId: "create_book" in the contract, "add_book" in the application | change the application' in row


@pytest.mark.usefixtures("project")
def test_verify_refuses_a_contract_that_cannot_be_read() -> None:
    result = CliRunner().invoke(contract, ["verify"])

    assert result.exit_code == 1
    assert "openapi.yaml: cannot be read" in result.output


def test_stub_is_what_is_said_of_its_operation_and_all() -> None:
    app = FastAPI()

    @app.get("/books", operation_id="list_nothing")
    async def list_books() -> None:
        raise LookupError({"code": "not_implemented"}, "not_implemented")

    deviations = deviations_of(app, parse(CONTRACT, name="test"))

    assert [(each.operations, each.is_stub) for each in deviations] == [
        (("POST /books",), False),
        (("GET /books",), True),
    ]


def test_stubs_are_taken_out_of_what_is_fuzzed() -> None:
    document = parse(CONTRACT, name="test")

    left = without(document, ["POST /books"])

    assert (ids_of(document, ["POST /books"]), [*operations(left)]) == (["add_book"], ["GET /books"])


@pytest.mark.parametrize(
    ("header", "advice"),
    [("location", "send it where one is made, .*write `headers: {}` on that 201"), ("etag", "change the application")],
)
def test_location_that_is_not_sent_has_its_way_out(header: str, advice: str) -> None:
    promised = Deviation(("responses", "201", "headers", header), "{}", None, ("POST /books",))

    said = "\n".join(render([promised], {}))

    assert re.search(f"-> {advice}", said), said
