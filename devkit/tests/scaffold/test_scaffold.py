"""The first version of a resource. That all gates are green with it is seen by the template, on a fresh service."""

import ast
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from devkit.tests.processes import SERVICE

from service_devkit.contract.document import parse
from service_devkit.scaffold.command import scaffold
from service_devkit.scaffold.files import files_of, write
from service_devkit.scaffold.resource import ScaffoldError, resource_of

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


def _files(contract: str = CONTRACT, root: Path = SERVICE) -> Mapping[str, str]:
    return files_of(resource_of(parse(contract, name="test"), "old books"), root)


def test_every_layer_gets_a_file_of_the_same_name() -> None:
    assert list(_files()) == [
        "app/models/old_books.py",
        "app/services/old_books.py",
        "app/api/v1/old_books.py",
        "tests/api/v1/test_old_books.py",
        "tests/api/permissions/old_books.py",
        "tests/api/queries/old_books.py",
    ]


def test_columns_have_the_types_of_the_contract() -> None:
    model = _files()["app/models/old_books.py"]

    assert "    title: Mapped[str]\n    pages: Mapped[int | None]\n    printed_at: Mapped[datetime]\n" in model


def test_routes_are_those_of_the_contract_and_no_more() -> None:
    tree = ast.parse(_files()["app/api/v1/old_books.py"])

    assert [node.name for node in tree.body if isinstance(node, ast.AsyncFunctionDef)] == [
        "shelve_book",
        "find_book",
        "burn_book",
    ]


def test_permissions_are_written_for_every_operation() -> None:
    table = _files()["tests/api/permissions/old_books.py"]

    assert '"POST /api/v1/old-books": "old-books:write",' in table
    assert '"GET /api/v1/old-books/{book_id}": "old-books:read",' in table
    assert '"DELETE /api/v1/old-books/{book_id}": "old-books:write",' in table


@pytest.mark.parametrize(
    ("part", "instead", "complaint"),
    [
        ("tags: [{name: old books", "tags: [{name: maps", "needs the tag 'old books' with a description"),
        ("    post:\n", "    put:\n", "PUT /api/v1/old-books is not one of make, list, read, change, delete"),
        ("OldBookCreate", "OldBook", "the body of shelve_book must be a component called ...Create"),
        ("{type: string}", "{type: array, items: {type: string}}", r"the property title \(array\) is no simple column"),
    ],
)
def test_what_cannot_be_written_is_named(part: str, instead: str, complaint: str) -> None:
    assert part in CONTRACT

    with pytest.raises(ScaffoldError, match=complaint):
        _files(CONTRACT.replace(part, instead))


@pytest.fixture
def service(project: Path) -> Path:
    """A copy of what a resource is listed in, with the contract of the tests."""
    for name in ("app/core/permissions.py", "app/api/resources.py"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SERVICE / name, project / name)
    for folder in (
        "app/models",
        "app/services",
        "app/api/v1",
        "tests/api/v1",
        "tests/api/permissions",
        "tests/api/queries",
        "contracts",
    ):
        (project / folder).mkdir(parents=True, exist_ok=True)
    (project / "contracts" / "openapi.yaml").write_text(CONTRACT, encoding="utf-8")
    return project


def test_resource_is_listed_where_every_other_is(service: Path) -> None:
    result = CliRunner().invoke(scaffold, ["old books"])

    assert result.exit_code == 0, result.output
    assert 'OLD_BOOKS_READ = "old-books:read"' in (service / "app/core/permissions.py").read_text(encoding="utf-8")
    assert "RESOURCES.append(old_books_router)" in (service / "app/api/resources.py").read_text(encoding="utf-8")
    assert result.output.endswith(
        'Next: just migration "add old books", then just queries, then make the rules and the tests yours, then just check.\n'
    )


def test_nothing_is_overwritten(service: Path) -> None:
    (service / "app/services/old_books.py").write_text("ours\n", encoding="utf-8")
    before = (service / "app/api/resources.py").read_text(encoding="utf-8")

    result = CliRunner().invoke(scaffold, ["old books"])

    assert result.exit_code == 1
    assert "app/services/old_books.py: there already, and nothing is overwritten" in result.output
    assert (service / "app/services/old_books.py").read_text(encoding="utf-8") == "ours\n"
    assert not (service / "app/models/old_books.py").exists()
    assert (service / "app/api/resources.py").read_text(encoding="utf-8") == before


def test_list_that_was_rearranged_is_left_to_the_developer(service: Path) -> None:
    (service / "app/api/resources.py").write_text("RESOURCES = []\n", encoding="utf-8")

    with pytest.raises(ScaffoldError, match=r"app/api/resources\.py: the line is gone"):
        write(resource_of(parse(CONTRACT, name="test"), "old books"), service)


def _put_template(root: Path, name: str, text: str) -> None:
    path = root / ".devkit" / "scaffold" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_template_of_the_service_takes_the_place_of_ours(tmp_path: Path) -> None:
    _put_template(tmp_path, "model.txt", '"""$about It is $$1."""\n')

    files = _files(root=tmp_path)

    assert files["app/models/old_books.py"] == '"""Books that nobody reads. It is $1."""\n'
    assert files["app/services/old_books.py"] == _files()["app/services/old_books.py"]


@pytest.mark.parametrize("text", ["$abuot", "costs $1"])
def test_template_with_an_unknown_value_is_named_with_the_values(tmp_path: Path, text: str) -> None:
    _put_template(tmp_path, "model.txt", text)

    with pytest.raises(ScaffoldError, match=r"model\.txt: .*; the values are about, changed, .* a dollar sign is \$\$"):
        _files(root=tmp_path)
