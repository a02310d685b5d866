"""Types from a contract: what they accept, where they stand, and whether they are current."""

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner
from devkit.tests.contract.books import publish
from devkit.tests.processes import SERVICE
from pydantic import BaseModel, ValidationError

from service_devkit.contract.commands import contract
from service_devkit.contract.document import parse
from service_devkit.contract.generate import generate, modules, stale, write

CONTRACT = """
openapi: 3.1.0
info: {title: Library, version: "1"}
tags: [{name: old books, description: The books.}, {name: readers, description: Who reads them.}]
paths:
  /books:
    post:
      tags: [old books]
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/BookCreate"}}}}
      responses:
        "201": {description: An answer., content: {application/json: {schema: {$ref: "#/components/schemas/BookRead"}}}}
        "404": {description: An answer., content: {application/problem+json: {schema: {$ref: "#/components/schemas/Problem"}}}}
    patch:
      tags: [old books]
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/BookUpdate"}}}}
      responses: {"204": {description: done}}
  /readers:
    get:
      tags: [readers]
      responses:
        "200": {description: An answer., content: {application/json: {schema: {$ref: "#/components/schemas/Reader"}}}}
components:
  schemas:
    BookCreate:
      description: A book to put on the shelf.
      type: object
      additionalProperties: false
      required: [title]
      properties:
        title: {type: string, maxLength: 5, pattern: '^[^\\x00]*$'}
        kind: {type: string, enum: [novel, essay], default: novel}
    BookRead:
      type: object
      required: [id]
      properties: {id: {type: string, format: uuid}, author: {$ref: "#/components/schemas/Author"}}
    Author: {type: object, required: [name], properties: {name: {type: string}}}
    BookUpdate:
      type: object
      additionalProperties: false
      properties: {title: {type: string, minLength: 1}}
    Reader: {type: object, properties: {reads: {$ref: "#/components/schemas/BookRead"}}}
    Problem: {type: object, required: [code], properties: {code: {type: string}}}
    Unused: {type: object}
"""
Load = Callable[[str], ModuleType]


@pytest.fixture
def schemas(tmp_path: Path) -> Path:
    """The folder of the types, with the base classes of the service."""
    folder = tmp_path / "app" / "schemas"
    folder.mkdir(parents=True)
    for name in ("__init__.py", "base.py", "strict.py"):
        shutil.copy(SERVICE / "app" / "schemas" / name, folder)
    return folder


@pytest.fixture
def load(schemas: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """`load("old_books")` is the module of that noun, written and imported."""
    monkeypatch.syspath_prepend(str(SERVICE))  # the base classes
    write(generate(parse(CONTRACT, name="test")), schemas)

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, schemas / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


def test_schema_belongs_to_the_noun_that_uses_it_first() -> None:
    assert modules(parse(CONTRACT, name="test")) == {
        "old_books": ["BookCreate", "BookRead", "Author", "BookUpdate"],
        "problems": ["Problem"],
        "readers": ["Reader"],
    }


def test_schema_of_another_noun_is_imported(schemas: Path) -> None:
    write(generate(parse(CONTRACT, name="test")), schemas)

    text = (schemas / "readers.py").read_text(encoding="utf-8")

    assert text.startswith('"""Who reads them.\n\nWritten from contracts/openapi.yaml')
    assert "from app.schemas.old_books import BookRead\n" in text


def test_what_callers_send_is_held_to_the_contract(load: Load) -> None:
    model: type[BaseModel] = load("old_books").BookCreate

    assert model.model_validate({"title": " Emma "}).model_dump() == {"title": "Emma", "kind": "novel"}
    assert model.__doc__ == "A book to put on the shelf."
    for wrong in ({}, {"title": "too long"}, {"title": "a\x00"}, {"title": "a", "kind": "map"}, {"title": "a", "x": 1}):
        with pytest.raises(ValidationError):
            model.model_validate(wrong)


def test_what_may_be_left_out_is_missing_and_never_null(load: Load) -> None:
    model: type[BaseModel] = load("old_books").BookUpdate

    assert model.model_validate({}).model_dump() == {}
    assert "default" not in model.model_json_schema()["properties"]["title"]
    with pytest.raises(ValidationError):
        model.model_validate({"title": None})


def test_what_callers_get_is_read_from_rows(load: Load) -> None:
    class Row:
        id = "00000000-0000-4000-8000-000000000000"

    model: type[BaseModel] = load("old_books").BookRead

    assert model.model_validate(Row()).model_dump(mode="json") == {"id": "00000000-0000-4000-8000-000000000000"}


def test_writing_again_changes_nothing_and_a_change_by_hand_is_seen(schemas: Path) -> None:
    folder = schemas
    texts = generate(parse(CONTRACT, name="test"))
    files = write(texts, folder)

    current = stale(texts, folder)
    files[0].write_text(files[0].read_text(encoding="utf-8") + "# by hand\n", encoding="utf-8")
    files[1].unlink()

    assert current == []
    assert stale(texts, folder) == files[:2]


@pytest.mark.usefixtures("schemas")
def test_command_writes_and_checks(project: Path) -> None:
    path = publish(project, CONTRACT)

    written = CliRunner().invoke(contract, ["generate"])
    current = CliRunner().invoke(contract, ["generate", "--check"])
    path.write_text(CONTRACT.replace("maxLength: 5", "maxLength: 6"), encoding="utf-8")
    stale = CliRunner().invoke(contract, ["generate", "--check"])

    assert "written: app/schemas/old_books.py\n" in written.output
    assert (current.exit_code, current.output) == (0, "")
    assert (stale.exit_code, stale.output) == (1, "not what the contract says: app/schemas/old_books.py\n")
