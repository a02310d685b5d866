"""The table of what a schema may say: each row through lint, generate, verify and a request; what is not in it is refused with its line."""

import importlib
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner
from devkit.tests.contract.books import publish
from devkit.tests.processes import SERVICE
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import ValidationError

from service_devkit.contract.commands import contract, deviations_of
from service_devkit.contract.comparison import Deviation
from service_devkit.contract.document import parse
from service_devkit.contract.values import Json

CONTRACT = """
openapi: 3.1.0
info: {title: Things, version: "1"}
tags: [{name: things, description: The things.}]
paths:
PATHS
components:
  schemas:
    Kind: {type: string, enum: [novel, essay]}
    Money: {type: string, format: decimal, pattern: '^[0-9]{1,10}[.][0-9]{2}$'}
    Node: {type: object, additionalProperties: false, properties: {children: {type: array, items: {$ref: '#/components/schemas/Node'}}, twin: {$ref: '#/components/schemas/Twin'}}}
    Twin: {type: object, additionalProperties: false, properties: {node: {$ref: '#/components/schemas/Node'}}}
    Cat: {type: object, additionalProperties: false, required: [pet], properties: {pet: {type: string, const: cat}}}
    Dog: {type: object, additionalProperties: false, required: [pet], properties: {pet: {type: string, const: dog}}}
THINGS
"""
PATH = """
  /thingsNUMBER:
    post:
      operationId: create_thingNUMBER
      tags: [things]
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: "#/components/schemas/ThingNUMBER"}}}
      responses:
        "201": {description: Made., content: {application/json: {schema: {$ref: "#/components/schemas/ThingNUMBER"}}}}
"""
THING = """
    ThingNUMBER:
      type: object
      additionalProperties: false
      required: [REQUIRED]
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
    ("{$ref: '#/components/schemas/Node'}", [{"children": [{"children": []}]}, {"twin": {}}], [{"children": [{"x": 1}]}, {"twin": {"node": 1}}]),
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
    (MONEY[:-1] + ", default: '1.50'}", ["1.50"], ["1.5", None]),  # what must be sent has a default in vain
    ("{type: string, format: date, default: '2026-11-28'}", ["2026-11-29"], ["x"]),
    ("{type: integer, default: 3}", [4], ["4"]),
    ("{$ref: '#/components/schemas/Money', default: '1.50'}", ["2.00"], ["2"]),
]  # fmt: skip
REFUSED = [
    ("{type: string, format: decimal}", "value: format decimal needs a pattern"),
    ("{type: string, format: int32}", "value: format int32 is not supported"),
    ("{type: integer, format: email}", "value: format email is not supported"),
    ("{type: integer, format: int16}", "value: format int16 is not supported"),
    ("{type: number, format: float}", "value: format float is not supported: leave it out; numbers are double"),
    ("{type: string, format: idn-email}", "value: format idn-email is not supported"),
    ("{type: number, format: decimal}", "value: format decimal is not supported"),
    ("{type: string, format: byte, default: aGk=}", "value: a default of bytes is not supported"),
    ("{type: string, format: uuid, pattern: '^a'}", "value: pattern beside format uuid is not supported"),
    ("{type: [string, 'null'], format: ipv4}", "value: format ipv4 is not supported"),
    ("{type: array, items: {type: string, format: hostname}}", "value > items: format hostname is not supported"),
    ("{type: array, uniqueItems: true, items: {type: string}}", "value: uniqueItems is not supported"),
    ("{type: string, not: {const: a}}", "value: not is not supported"),
    ("{oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}]}", "value: oneOf needs a discriminator"),
    ("{type: object, properties: {a: {type: integer}}}", "value: an object in another stands in components > schemas"),
]  # fmt: skip


DEFAULTS: list[tuple[str, Json]] = [
    (MONEY[:-1] + ", default: '12.50'}", "12.50"),
    (MONEY[:-1].replace("string", "[string, 'null']", 1) + ", default: '0.00'}", "0.00"),
    ("{$ref: '#/components/schemas/Money', default: '1.00'}", "1.00"),
    ("{type: string, format: email, default: '\"a\"@b.fr'}", '"a"@b.fr'),
    ("{type: string, format: uri, default: 'https://example.com/0.50'}", "https://example.com/0.50"),
    ("{type: [string, 'null'], format: decimal, pattern: '[.][0-9]{8}$', default: '0.00000000'}", "0.00000000"),
    ("{type: string, format: date, default: '2026-11-28'}", "2026-11-28"),
    ("{type: [string, 'null'], format: date, default: '2026-11-28'}", "2026-11-28"),
    ("{type: string, format: date-time, default: '2026-11-28T09:00:00Z'}", "2026-11-28T09:00:00Z"),
    ("{type: string, format: duration, default: PT26H}", "P1DT2H"),
    ("{type: string, format: time, default: '09:00:00Z'}", "09:00:00Z"),
    ("{type: string, format: uuid, default: 00000000-0000-4000-8000-000000000000}", "00000000-0000-4000-8000-000000000000"),
    ("{type: integer, format: int32, default: 7}", 7),
    ("{type: integer, format: int64, default: -7}", -7),
    ("{type: number, format: double, default: 0.5}", 0.5),
    ("{type: boolean, default: true}", True),
    ("{type: [string, 'null'], format: uri, default: 'urn:a'}", "urn:a"),
    ("{type: string, maxLength: 9, default: a}", "a"),
    ("{$ref: '#/components/schemas/Kind', default: essay}", "essay"),
    ("{type: [string, 'null'], default: null}", None),
    ("{type: array, maxItems: 2, items: " + MONEY + ", default: ['1.00', '2.00']}", ["1.00", "2.00"]),
    ("{type: array, items: {type: string, format: date}, default: ['2026-11-28']}", ["2026-11-28"]),
    ("{type: array, items: {$ref: '#/components/schemas/Kind'}, default: []}", []),
    ("{type: object, additionalProperties: " + MONEY + ", default: {a: '1.00'}}", {"a": "1.00"}),
]  # fmt: skip


def _contract(*required: str, optional: tuple[str, ...] = ()) -> str:
    """A contract with an operation for each schema of a value."""
    given = [*((each, "value") for each in required), *((each, "") for each in optional)]
    things = "".join(
        THING.replace("NUMBER", str(number)).replace("REQUIRED", needed).replace("SCHEMA", schema)
        for number, (schema, needed) in enumerate(given)
    )
    paths = "".join(PATH.replace("NUMBER", str(number)) for number, _ in enumerate(given))
    return CONTRACT.replace("\nPATHS\n", paths).replace("\nTHINGS\n", things)


@contextmanager
def _types_of(root: Path) -> Iterator[Path]:
    """The folder of the types, with the base classes of the service, and no other `app` to import."""
    folder = root / "app" / "schemas"
    folder.mkdir(parents=True)
    for name in ("__init__.py", "base.py", "strict.py"):
        shutil.copy(SERVICE / "app" / "schemas" / name, folder)
    kept = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "app"}
    for name in kept:
        del sys.modules[name]
    sys.path.insert(0, str(root))
    yield folder
    sys.path.remove(str(root))
    for name in [name for name in sys.modules if name.partition(".")[0] == "app"]:
        del sys.modules[name]
    sys.modules.update(kept)


WRONG_DEFAULTS = [
    (MONEY[:-1] + ", default: '1.5'}", "'1.5' does not match"),
    ("{type: string, format: decimal, pattern: '.', default: x}", "'x' is not a 'decimal'"),
    ("{type: string, format: email, default: x}", "'x' is not a 'email'"),
    ("{type: string, format: uri, default: /x}", "'/x' is not a 'uri'"),
    ("{type: string, format: date, default: '2026-02-30'}", "'2026-02-30' is not a 'date'"),
    ("{type: string, format: date-time, default: '2026-11-28T09:00:00'}", "is not a 'date-time'"),
    ("{type: string, format: duration, default: an hour}", "'an hour' is not a 'duration'"),
    ("{type: string, format: time, default: '25:00:00Z'}", "is not a 'time'"),
    ("{type: string, format: uuid, default: '1'}", "'1' is not a 'uuid'"),
    ("{type: integer, format: int32, default: 2147483648}", "2147483648 is greater than the maximum"),
    ("{type: integer, default: a}", "'a' is not of type 'integer'"),
    ("{$ref: '#/components/schemas/Kind', default: map}", "'map' is not one of"),
    ("{type: array, items: {type: string, format: date}, default: [x]}", "'x' is not a 'date'"),
]


@pytest.fixture
def schemas(project: Path) -> Iterator[Path]:
    with _types_of(project) as folder:
        yield folder


class Table(NamedTuple):
    """What one run of `lint` and `generate` makes of all rows, and where verify says that it differs."""

    linted: str
    client: TestClient
    deviations: list[Deviation]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    root = tmp_path_factory.mktemp("table")
    (root / "pyproject.toml").write_text("[tool.devkit]\n")
    text = _contract(*(row[0] for row in SUPPORTED), optional=tuple(row[0] for row in DEFAULTS))
    publish(root, text)
    with _types_of(root) as folder, pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.chdir(root)
        linted = CliRunner().invoke(contract, ["lint"])
        generated = CliRunner().invoke(contract, ["generate"])
        assert (generated.exit_code, (folder / "things.py").exists()) == (0, True), generated.output
        app = _application(len(SUPPORTED) + len(DEFAULTS))
        yield Table(linted.output, TestClient(app), deviations_of(app, parse(text, name="test")))


def _application(number: int) -> FastAPI:
    module = importlib.import_module("app.schemas.things")
    app = FastAPI()
    for each in range(number):
        model: Any = getattr(module, f"Thing{each}")  # a type that is made while the test runs

        async def create_thing(thing: object) -> object:  # FastAPI reads what stands in its place below
            return thing

        create_thing.__annotations__ = {"thing": model, "return": model}
        app.post(f"/things{each}", operation_id=f"create_thing{each}", status_code=201, tags=["things"])(create_thing)
    return app


def _deviations(table: Table, number: int) -> list[Deviation]:
    """Of one row; the application says nothing of errors."""
    shown = [each for each in table.deviations if f"POST /things{number}" in each.operations]
    return [each for each in shown if each.where[:2] != ("responses", "422")]


@pytest.mark.parametrize(
    ("number", "good", "wrong"),
    [(number, good, wrong) for number, (_, good, wrong) in enumerate(SUPPORTED)],
    ids=[row[0] for row in SUPPORTED],
)
def test_supported_schema_goes_all_the_way(table: Table, number: int, good: list[Json], wrong: list[Json]) -> None:
    url = f"/things{number}"

    answers = [table.client.post(url, json={"value": value}) for value in good]

    assert [(each.status_code, each.json()) for each in answers] == [(201, {"value": value}) for value in good]
    assert [value for value in wrong if table.client.post(url, json={"value": value}).status_code != 422] == []
    assert _deviations(table, number) == []


@pytest.mark.parametrize(
    ("number", "default"),
    [(number, row[1]) for number, row in enumerate(DEFAULTS, start=len(SUPPORTED))],
    ids=[row[0] for row in DEFAULTS],
)
def test_default_is_what_the_contract_says(table: Table, number: int, default: Json) -> None:
    answer = table.client.post(f"/things{number}", json={})

    assert (answer.status_code, answer.json()) == (201, {"value": default})
    assert _deviations(table, number) == []


@pytest.mark.usefixtures("schemas")
def test_property_may_be_called_as_a_type_or_a_word_of_python(project: Path) -> None:
    names = {
        "from": "{type: string, format: email}",
        "class": MONEY,
        "date": "{type: string, format: date, default: '2026-11-28'}",
        "due": "{type: string, format: date, default: '2026-11-29'}",
        "decimal": MONEY[:-1] + ", default: '0.10'}",
    }
    properties = "".join(f"        {name}: {schema}\n" for name, schema in names.items())
    publish(project, _contract(optional=("{type: string}",)).replace("        value: {type: string}\n", properties))
    assert CliRunner().invoke(contract, ["generate"]).exit_code == 0

    model = importlib.import_module("app.schemas.things").Thing0

    made = model.model_validate({"from": "a@b.fr", "class": "1.50"})
    assert made.model_dump(mode="json", by_alias=True) == {
        "from": "a@b.fr",
        "class": "1.50",
        "date": "2026-11-28",
        "due": "2026-11-29",
        "decimal": "0.10",
    }
    for wrong in ({"from": "a"}, {"class": "1.5"}, {"decimal": "1"}):
        with pytest.raises(ValidationError):
            model.model_validate(wrong)


def test_nothing_that_the_table_names_is_refused(table: Table) -> None:
    assert "is not supported" not in table.linted


@pytest.mark.parametrize(("schema", "said"), WRONG_DEFAULTS)
def test_default_that_is_no_value_is_refused_with_its_line(project: Path, schema: str, said: str) -> None:
    publish(project, _contract(optional=(schema,)))

    result = CliRunner().invoke(contract, ["lint"])

    assert result.exit_code == 1
    assert "contracts/openapi.yaml:28: components > schemas > Thing0 > properties > value > default: " in result.output
    assert said in result.output


@pytest.mark.parametrize(("schema", "said"), REFUSED)
def test_what_no_type_keeps_is_refused_with_its_line(project: Path, schema: str, said: str) -> None:
    publish(project, _contract(schema))

    result = CliRunner().invoke(contract, ["lint"])

    assert result.exit_code == 1
    assert f"contracts/openapi.yaml:28: Thing0 > {said}" in result.output


def test_types_that_cannot_be_imported_replace_nothing(project: Path, schemas: Path) -> None:
    publish(project, _contract("{type: string, format: ipv4}"))
    (schemas / "things.py").write_text("old = 1\n")
    (schemas / "base.py").write_text("class Output: ...\n")

    result = CliRunner().invoke(contract, ["generate"])

    assert (result.exit_code, (schemas / "things.py").read_text()) == (1, "old = 1\n")
    assert (
        "nothing was written, since Python cannot import what the contract makes: ImportError: cannot import name"
        in result.output
    )
