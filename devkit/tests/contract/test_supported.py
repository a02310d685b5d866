"""The table of what a schema may say: each row through lint, generate, verify and a request; what is not in it is refused with its line."""

import importlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from devkit.tests.contract.books import publish
from devkit.tests.processes import SERVICE
from fastapi import FastAPI
from fastapi.testclient import TestClient

from service_devkit.contract.commands import contract, deviations_of
from service_devkit.contract.document import parse
from service_devkit.contract.values import Json

CONTRACT = """
openapi: 3.1.0
info: {title: Things, version: "1"}
tags: [{name: things, description: The things.}]
paths:
  /things:
    post:
      operationId: create_thing
      tags: [things]
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}
      responses:
        "201": {description: Made., content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}}
components:
  schemas:
    Kind: {type: string, enum: [novel, essay]}
    Money: {type: string, format: decimal, pattern: '^[0-9]{1,10}[.][0-9]{2}$'}
    Cat: {type: object, additionalProperties: false, required: [pet], properties: {pet: {type: string, const: cat}}}
    Dog: {type: object, additionalProperties: false, required: [pet], properties: {pet: {type: string, const: dog}}}
    Thing:
      type: object
      additionalProperties: false
      required: [value]
      properties:
        value: SCHEMA
"""
MONEY = "{type: string, format: decimal, pattern: '^[0-9]{1,10}[.][0-9]{2}$'}"
SUPPORTED: list[tuple[str, list[Json], list[Json]]] = [
    (MONEY, ["12.50", "0.05"], ["12.5", "1e3", "NaN", "", 12.5, 12, True, None]),
    ("{$ref: '#/components/schemas/Money'}", ["12.50"], ["12.5", 12.5]),
    (MONEY.replace("string", "[string, 'null']", 1), ["12.50", None], ["12.5"]),
    ("{type: array, maxItems: 2, items: " + MONEY + "}", [["1.00", "2.00"]], [["1"], [1.0]]),
    ("{type: string, format: date}", ["2026-11-28"], ["2026-13-01", 20261128]),
    ("{type: string, format: date-time}", ["2026-11-28T09:00:00Z"], ["2026-11-28", "2026-11-28T09:00:00", 1700000000]),
    ("{type: string, format: duration}", ["P1DT2H"], ["two hours", 3600]),
    ("{type: string, format: uuid}", ["00000000-0000-4000-8000-000000000000"], ["1", 1]),
    (MONEY[:-1] + ", description: 'A Decimal, in \"euros\"'}", ["12.50"], ["12.5"]),
    ("{type: string, format: decimal, pattern: '^.*$'}", ["12.50"], ["abc", "1..2", 1]),
    ("{type: string, format: email}", ["ada@example.com", "ü@bücher.example"], ["ada", "a@b@c", "a b@c", "@", "a@\u0000", "a" * 250 + "@b.fr", 1, None]),
    ("{type: string, format: email, maxLength: 9, pattern: 'fr$'}", ["a@b.fr"], ["a@b.com", "ada@bcd.fr"]),
    ("{type: [string, 'null'], format: email}", ["a@b.fr", None], ["a"]),
    ("{type: array, items: {type: string, format: email}, maxItems: 2}", [["a@b.fr"], []], [["a"], ["a@b.fr"] * 3]),
    ("{type: object, additionalProperties: {type: string, format: uri}}", [{"a": "https://example.com"}], [{"a": "x"}, []]),
    ("{type: string, format: uri}", ["https://example.com", "https://[::1]:8000/a?b=%20#c", "urn:isbn:0451450523", "mailto:a@b.fr"], ["example.com", "/a", "https://", "https://a b", "https://a:99999/", "https://[::1", "https://ü.fr", "http://a/%zz", 1]),
    ("{type: string, format: uri, maxLength: 30, pattern: '^https://'}", ["https://example.com"], ["http://example.com", "https://example.com/" + "a" * 20]),
    ("{type: string, format: byte, maxLength: 8}", ["aGk=", "", "AAEC"], ["aGk", "aGl=", "a", "aG k=", "aGk=\n=", "é", "AAECAAECAAEC", 1]),
    ("{type: [string, 'null'], format: byte}", ["aGk=", None], ["?"]),
    ("{type: integer, format: int32}", [2147483647, -2147483648], [2147483648, -2147483649, "1", 1.5, True]),
    ("{type: integer, format: int32, minimum: 1}", [1, 2147483647], [0, 2147483648]),
    ("{type: [integer, 'null'], format: int32, maximum: 9}", [9, None], [10, -2147483649]),
    ("{type: integer, format: int64}", [2**63 - 1, -(2**63)], [2**63, "1"]),
    ("{type: array, items: {type: integer, format: int32}}", [[1]], [[2**31], ["1"]]),
    ("{type: number, format: double}", [0.5, 1], ["1", True]),
    ("{type: string, format: time}", ["09:00:00Z"], ["nine", 9]),
    ("{type: array, items: {type: boolean}}", [[True]], [[1], ["true"]]),
    ("{type: array, items: {type: string, format: date}}", [["2026-11-28"]], [["x"], [1]]),
    ("{type: object, additionalProperties: {$ref: '#/components/schemas/Kind'}}", [{"a": "novel"}], [{"a": "map"}]),
    ("{type: string, pattern: '^[^@]+@[^@]+$', maxLength: 254}", ["a@example.com"], ["a", 1]),
    ("{type: array, items: {type: string, maxLength: 3}, maxItems: 2}", [["a", "b"], []], [["long"], ["a", "b", "c"], "a", [1]]),
    ("{type: array, items: {type: integer, minimum: 0}}", [[1, 2]], [[-1], ["1"], [True]]),
    ("{type: object, additionalProperties: {type: integer}}", [{"a": 1}, {}], [{"a": "1"}, []]),
    ("{oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}], discriminator: {propertyName: pet}}", [{"pet": "cat"}, {"pet": "dog"}], [{"pet": "cow"}, {}, {"pet": "cat", "x": 1}]),
    ("{type: [string, 'null'], maxLength: 3}", ["abc", None], ["abcd", 1]),
    ("{type: [integer, 'null'], minimum: 1}", [1, None], [0, "1"]),
    ("{$ref: '#/components/schemas/Kind'}", ["novel"], ["map", None]),
    ("{oneOf: [{$ref: '#/components/schemas/Kind'}, {type: 'null'}]}", ["essay", None], ["map"]),
    ("{type: array, items: {$ref: '#/components/schemas/Kind'}}", [["novel", "essay"]], [["map"]]),
    ("{type: integer, minimum: -2147483648, maximum: 2147483647}", [2147483647], [2147483648, "1", True]),
    ("{type: number, minimum: 0}", [0.5, 1], [-1, "1"]),
    ("{type: boolean}", [True], ["no", 0]),
]  # fmt: skip
REFUSED = [
    ("{type: string, format: decimal}", "value: format decimal needs a pattern"),
    ("{type: string, format: int32}", "value: format int32 is not supported"),
    ("{type: integer, format: email}", "value: format email is not supported"),
    ("{type: integer, format: int16}", "value: format int16 is not supported"),
    ("{type: number, format: float}", "value: format float is not supported: leave it out; numbers are double"),
    ("{type: string, format: idn-email}", "value: format idn-email is not supported"),
    ("{type: number, format: decimal}", "value: format decimal is not supported"),
    ("{type: string, format: uuid, pattern: '^a'}", "value: pattern beside format uuid is not supported"),
    ("{type: [string, 'null'], format: ipv4}", "value: format ipv4 is not supported"),
    ("{type: array, items: {type: string, format: hostname}}", "value > items: format hostname is not supported"),
    ("{type: array, uniqueItems: true, items: {type: string}}", "value: uniqueItems is not supported"),
    ("{type: string, not: {const: a}}", "value: not is not supported"),
    ("{oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}]}", "value: oneOf needs a discriminator"),
    ("{type: object, properties: {a: {type: integer}}}", "value: an object in another stands in components > schemas"),
]  # fmt: skip


@pytest.fixture
def schemas(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the types, with the base classes of the service."""
    folder = project / "app" / "schemas"
    folder.mkdir(parents=True)
    for name in ("__init__.py", "base.py", "strict.py"):
        shutil.copy(SERVICE / "app" / "schemas" / name, folder)
    monkeypatch.syspath_prepend(str(project))
    kept = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "app"}
    for name in kept:
        del sys.modules[name]
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "app"]:
        del sys.modules[name]
    sys.modules.update(kept)


def _application() -> FastAPI:
    model: Any = importlib.import_module("app.schemas.things").Thing  # a type that is made while the test runs
    app = FastAPI()

    async def create_thing(thing: object) -> object:  # FastAPI reads what stands in its place below
        return thing

    create_thing.__annotations__ = {"thing": model, "return": model}
    app.post("/things", operation_id="create_thing", status_code=201, tags=["things"])(create_thing)
    return app


@pytest.mark.parametrize(("schema", "good", "wrong"), SUPPORTED, ids=[row[0] for row in SUPPORTED])
def test_supported_schema_goes_all_the_way(
    project: Path, schemas: Path, schema: str, good: list[Json], wrong: list[Json]
) -> None:
    text = CONTRACT.replace("SCHEMA", schema)
    publish(project, text)

    linted = CliRunner().invoke(contract, ["lint"])
    generated = CliRunner().invoke(contract, ["generate"])

    assert "is not supported" not in linted.output
    assert (generated.exit_code, (schemas / "things.py").exists()) == (0, True), generated.output
    app = _application()
    deviations = deviations_of(app, parse(text, name="test"))
    assert [each for each in deviations if each.where[:2] != ("responses", "422")] == []
    client = TestClient(app)
    for value in good:
        answer = client.post("/things", json={"value": value})
        assert (answer.status_code, answer.json()) == (201, {"value": value})
    assert [value for value in wrong if client.post("/things", json={"value": value}).status_code != 422] == []


@pytest.mark.parametrize(("schema", "said"), REFUSED)
def test_what_no_type_keeps_is_refused_with_its_line(project: Path, schema: str, said: str) -> None:
    publish(project, CONTRACT.replace("SCHEMA", schema))

    result = CliRunner().invoke(contract, ["lint"])

    assert result.exit_code == 1
    assert f"contracts/openapi.yaml:26: Thing > {said}" in result.output


def test_types_that_cannot_be_imported_replace_nothing(project: Path, schemas: Path) -> None:
    publish(project, CONTRACT.replace("SCHEMA", "{type: string, format: ipv4}"))
    (schemas / "things.py").write_text("old = 1\n")
    (schemas / "base.py").write_text("class Output: ...\n")

    result = CliRunner().invoke(contract, ["generate"])

    assert (result.exit_code, (schemas / "things.py").read_text()) == (1, "old = 1\n")
    assert (
        "nothing was written, since Python cannot import what the contract makes: ImportError: cannot import name"
        in result.output
    )
