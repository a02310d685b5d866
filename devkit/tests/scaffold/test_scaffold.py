"""The first version of a resource. That all gates are green with it is seen by the template, on a fresh service."""

import ast
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from devkit.tests.processes import SERVICE
from devkit.tests.scaffold.contracts import CONTRACT

from service_devkit.contract.document import parse
from service_devkit.contract.values import mapping
from service_devkit.scaffold.access import ScaffoldError
from service_devkit.scaffold.command import scaffold
from service_devkit.scaffold.files import files_of, write
from service_devkit.scaffold.resource import resource_of


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

    assert "    title: Mapped[str]\n" in model
    assert "    pages: Mapped[int | None] = mapped_column(BigInteger())\n    printed_at: Mapped[datetime]\n" in model


@pytest.mark.parametrize(
    ("schema", "line"),
    [
        (
            "{type: string, format: decimal, pattern: '^[0-9]{1,10}[.][0-9]{2}$'}",
            "Mapped[Decimal] = mapped_column(Numeric(12, 2))",
        ),
        (
            "{type: string, format: decimal, pattern: '^-?\\d{1,3}(\\.\\d{1,4})?$'}",
            "Mapped[Decimal] = mapped_column(Numeric(7, 4))",
        ),
        ("{type: string, format: decimal, pattern: '^[0-9]+$'}", "Mapped[Decimal] = mapped_column(Numeric())"),
        ("{type: string, format: email}", "Mapped[str]"),
        ("{type: [string, 'null'], format: uri}", "Mapped[str | None]"),
        ("{type: string, format: byte}", "Mapped[bytes]"),
        ("{type: integer, format: int32}", "Mapped[int]"),
        ("{type: [integer, 'null'], format: int64}", "Mapped[int | None] = mapped_column(BigInteger())"),
        ("{type: number, format: double}", "Mapped[float]"),
        ("{type: array, items: {type: string, format: email}}", "Mapped[list[str]] = mapped_column(ARRAY(Text()))"),
        ("{type: string, format: date}", "Mapped[date]"),
        ("{type: string, format: duration}", "Mapped[timedelta]"),
        ("{type: integer, minimum: 0, maximum: 9, default: 3}", "Mapped[int] = mapped_column(server_default='3')"),
        ("{type: boolean, default: false}", "Mapped[bool] = mapped_column(server_default='false')"),
        ("{type: [string, 'null'], enum: [a, b, null]}", "Mapped[str | None]"),
        ("{anyOf: [{type: string, format: uuid}, {type: 'null'}]}", "Mapped[UUID | None]"),
        ("{type: array, items: {type: string}}", "Mapped[list[str]] = mapped_column(ARRAY(Text()))"),
    ],
)
def test_column_keeps_what_the_contract_says(schema: str, line: str) -> None:
    assert f"    title: {line}\n" in _files(CONTRACT.replace("{type: string}", schema))["app/models/old_books.py"]


def test_limits_and_values_are_checks_of_the_table() -> None:
    contract = CONTRACT.replace("{type: string}", "{enum: [new, old]}").replace(
        '{type: [integer, "null"]}', "{type: integer, minimum: 1, exclusiveMaximum: 9}"
    )

    model = _files(contract)["app/models/old_books.py"]

    assert """CheckConstraint("title IN ('new', 'old')", name='title')""" in model
    assert "CheckConstraint('pages >= 1 AND pages < 9', name='pages')" in model


READ = """    OldBookRead:
      type: object
      properties:
        id: {type: string, format: uuid}
        state: {enum: [shelved, lent]}
        lent_at: {type: [string, "null"], format: date-time}
        due: {type: string, format: date}
"""


def test_column_that_is_only_read_begins_with_a_value_or_is_left_to_the_developer() -> None:
    resource = resource_of(parse(CONTRACT + READ, name="test"), "old books")

    assert resource.columns.lines["state"] == "Mapped[str] = mapped_column(server_default='shelved')"
    assert resource.columns.lines["lent_at"] == "Mapped[datetime | None]"
    assert "due" not in resource.columns.lines
    assert resource.left == [
        "state begins as 'shelved': nobody sends it; say in the model or the service if that is wrong",
        "the column due: nobody sends it, and it needs a value",
    ]


ACTIONS = """  /api/v1/old-books/{book_id}/lend:
    parameters: [{name: book_id, in: path, required: true, schema: {type: string, format: uuid}}]
    post: {operationId: lend_book, tags: [old books], responses: {"204": {description: Lent.}}}
  /api/v1/old-books/newest:
    get: {operationId: newest_books, tags: [old books], security: [], responses: {"200": {description: All.}}}
components:
"""


def test_operation_of_another_kind_is_a_route_that_says_so_and_is_left_to_the_developer(service: Path) -> None:
    (service / "contracts/openapi.yaml").write_text(CONTRACT.replace("components:\n", ACTIONS), encoding="utf-8")

    result = CliRunner().invoke(scaffold, ["old books"])

    route = (service / "app/api/v1/old_books.py").read_text(encoding="utf-8")
    assert '@router.post("/{book_id}/lend", status_code=204)\n' in route
    assert "async def lend_book(book_id: UUID, _user: MayWrite) -> None:" in route
    assert 'raise AppError(Text("lend_book is not written yet."), code="not_implemented")' in route
    assert "    del book_id  # until it is written\n" in route
    assert '@public_router.get("/newest", status_code=200)\nasync def newest_books() -> None:' in route
    assert '"POST /api/v1/old-books/{book_id}/lend": "old-books:write",' in (
        service / "tests/api/permissions/old_books.py"
    ).read_text(encoding="utf-8")
    assert 'PUBLIC_OPERATIONS |= {"GET /api/v1/old-books/newest"}' in (service / "app/api/resources.py").read_text(
        encoding="utf-8"
    )
    assert "left to you: POST /api/v1/old-books/{book_id}/lend (lend_book): it answers that it is not" in result.output


def test_noun_of_another_noun_gets_its_table_and_its_routes_are_left() -> None:
    files = _files(CONTRACT.replace("/api/v1/old-books", "/api/v1/book-shelves/{shelf_id}/old-books"))

    assert 'shelf_id: Mapped[UUID] = mapped_column(ForeignKey("book_shelves.id"' in files["app/models/old_books.py"]
    assert 'APIRouter(prefix="/book-shelves/{shelf_id}/old-books"' in files["app/api/v1/old_books.py"]
    assert '@router.post("", status_code=200)' in files["app/api/v1/old_books.py"]
    assert "app/services/old_books.py" not in files


def test_routes_are_those_of_the_contract_and_no_more() -> None:
    tree = ast.parse(_files()["app/api/v1/old_books.py"])

    assert [node.name for node in tree.body if isinstance(node, ast.AsyncFunctionDef)] == [
        "shelve_book",
        "find_book",
        "burn_book",
    ]
    assert "CHANGED" not in _files()["tests/api/v1/test_old_books.py"]


def test_permissions_are_written_for_every_operation() -> None:
    table = _files()["tests/api/permissions/old_books.py"]

    assert '"POST /api/v1/old-books": "old-books:write",' in table
    assert '"GET /api/v1/old-books/{book_id}": "old-books:read",' in table
    assert '"DELETE /api/v1/old-books/{book_id}": "old-books:write",' in table


@pytest.mark.parametrize(
    ("part", "instead", "complaint"),
    [
        ("tags: [{name: old books", "tags: [{name: maps", "needs the tag 'old books' with a description"),
        ("    post:\n", "    put:\n", "needs .* an operation that makes one: a POST"),
        ("OldBookCreate", "OldBook", r"a POST whose body is a component called \.\.\.Create"),
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
        'Next: just migrate, then just migration "add old books", then just queries, then make the rules and the tests yours, then just check.\n'
    )


def test_property_that_is_no_column_is_left_out_and_named() -> None:
    contract = CONTRACT.replace("{type: string}", "{type: object, additionalProperties: {type: string}}")

    resource = resource_of(parse(contract, name="test"), "old books")

    assert "title" not in resource.columns.lines
    assert resource.left == ["the column title: no simple column"]
    assert "data.model_dump(exclude={'title'})" in _files(contract)["app/services/old_books.py"]


@pytest.mark.parametrize(
    ("said", "sign_in", "line"),
    [
        ("editor", "", "Error: app/core/permissions.py has no role editor; it has member, staff, viewer, blocked"),
        ("staff", "", "left to you: nobody signs in here, so everybody is one member, who may write old books too: "),
        ("viewer", 'authorizations = "dev:none"\n', "left to you: the fixture viewer of the tests, as `staff` in "),
    ],
)
def test_role_that_writes_is_one_of_the_service(service: Path, said: str, sign_in: str, line: str) -> None:
    (service / "pyproject.toml").write_text(f"[tool.devkit]\n{sign_in}", encoding="utf-8")
    shared = CONTRACT.replace("nobody reads.}", f"nobody reads., x-written-by: {said}}}")
    (service / "contracts/openapi.yaml").write_text(shared, encoding="utf-8")

    result = CliRunner().invoke(scaffold, ["old books"])

    assert line in result.output
    assert (service / "app/models/old_books.py").exists() == (result.exit_code == 0)


def test_stub_declares_the_errors_that_its_router_does_not() -> None:
    responses = 'responses: {"204": {description: Lent.}, "401": {description: No.}, "404": {description: No.}}'
    route = _files(
        CONTRACT.replace("components:\n", ACTIONS.replace('responses: {"204": {description: Lent.}}', responses))
    )

    assert ", status_code=204, responses=problems(404))\n" in route["app/api/v1/old_books.py"]


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

    with pytest.raises(ScaffoldError, match=r"model\.txt: .*; the values are about, .* a dollar sign is \$\$"):
        _files(root=tmp_path)


@pytest.mark.parametrize(
    ("name", "keeper"), [("metadata", "SQLAlchemy"), ("registry", "SQLAlchemy"), ("class", "Python")]
)
def test_name_that_no_column_can_have_is_refused_before_anything_is_written(
    service: Path, name: str, keeper: str
) -> None:
    (service / "contracts/openapi.yaml").write_text(
        CONTRACT.replace("        title:", f"        {name}:"), encoding="utf-8"
    )

    result = CliRunner().invoke(scaffold, ["old books"])

    assert result.exit_code == 1
    assert f"the property {name}: {keeper} keeps this name for itself" in result.output
    assert not (service / "app/models/old_books.py").exists()


SHELVES = """  /api/v1/shelves:
    post: {operationId: make, tags: [others], requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/ShelfCreate"}}}}}
  /api/v1/shelves/{place_id}: {get: {operationId: find, tags: [others]}}
components:
  schemas:
    ShelfCreate: {type: object, properties: {name: {type: string}}, examples: [{name: A}]}
"""


def _naming(column: str, said: str = "", writers: str = "") -> str:
    """The contract of books that name a shelf."""
    names = f"{column}: {{type: string, format: uuid{said}}}"
    contract = CONTRACT.replace("pages: ", f"{names}\n        pages: ").replace(
        "{title: Emma}", f"{{title: Emma, {column}: none}}"
    )
    return contract.replace("components:\n  schemas:\n", SHELVES).replace(
        "tags: [{", f"tags: [{{name: others, description: Others.{writers}}}, {{"
    )


@pytest.mark.parametrize(
    ("column", "said"), [("shelf_id", ""), ("place_id", ""), ("from_id", ", x-references: others")]
)
def test_id_of_what_the_contract_makes_is_a_foreign_key_and_is_there_in_the_tests(column: str, said: str) -> None:
    files = _files(_naming(column, said, ", x-written-by: staff"))

    key = f'{column}: Mapped[UUID] = mapped_column(ForeignKey("others.id", ondelete="RESTRICT"), index=True)'
    assert key in files["app/models/old_books.py"]
    test, queries = files["tests/api/v1/test_old_books.py"], files["tests/api/queries/old_books.py"]
    assert "async def needed(monkeypatch: pytest.MonkeyPatch, staff: httpx2.AsyncClient)" in test
    assert f'        monkeypatch.setitem(other, "{column}", shelf["id"])\n' in test
    assert f'    monkeypatch.setitem(CREATED, "{column}", OTHERS[0]["{column}"])\n' in test
    assert "json={'name': 'A', **[{}, {'name': 'A 1'}, {'name': 'A 2'}][number]}" in test
    assert 'CLIENT = "staff"\n' in queries
    assert "created: list[Node] = [{'title': 'Emma 1'}, {'title': 'Emma'}]" in queries
    assert f'        body["{column}"] = shelf["id"]\n' in queries
    assert 'bodies={"POST /api/v1/old-books": created[1]}' in queries


def test_object_that_is_there_is_not_equal_to_what_the_contract_has_as_its_example() -> None:
    assert "created: Node = {'title': 'Emma 1'}" in _files()["tests/api/queries/old_books.py"]


def test_objects_that_only_name_another_each_have_their_own() -> None:
    contract = _naming("shelf_id").replace("title: {type: string}\n        ", "").replace("title: Emma, ", "")
    files = _files(contract.replace("properties: {name: {type: string}}, ", "").replace("[{name: A}]", "[{}]"))

    test, queries = files["tests/api/v1/test_old_books.py"], files["tests/api/queries/old_books.py"]
    assert "OTHERS: list[dict[str, object]] = [{}, {}, {}]\n" in test
    assert (
        """    for other in OTHERS:
        shelf = (await client.post("/api/v1/shelves", json={})).json()
"""
        in test
    )
    assert "    created: list[Node] = [{}, {}]\n    for body in created:\n        shelf = " in queries


BY_SHELF = "{name: shelf_id, in: query, schema: {type: string, format: uuid}}"


@pytest.mark.parametrize(
    ("asked", "written_by", "has_its_own"),
    [("", ", x-written-by: staff", True), (BY_SHELF, ", x-written-by: staff", False), (BY_SHELF, "", True)],
)
def test_reference_has_an_index_of_its_own_unless_one_of_the_list_begins_with_it(
    asked: str, written_by: str, *, has_its_own: bool
) -> None:
    listed = f"    get: {{operationId: list_books, tags: [old books], parameters: [{asked}]}}\n"
    contract = _naming("shelf_id").replace("nobody reads.}", f"nobody reads.{written_by}}}")

    model = _files(contract.replace("  /api/v1/old-books/{book_id}:\n", f"{listed}  /api/v1/old-books/{{book_id}}:\n"))[
        "app/models/old_books.py"
    ]

    assert ("index=True" in model, "Index(None, OldBook.shelf_id, OldBook.id)" in model) == (
        has_its_own,
        not has_its_own,
    )


@pytest.mark.parametrize(
    ("contract", "left"),
    [
        (
            _naming("shelf_id"),
            "shelf_id names one of others: an id of nothing is 422, .*; in the service ask whether it is the caller's",
        ),
        (_naming("rack_id"), "rack_id looks like an id of another noun, and the contract makes none of that name"),
    ],
)
def test_what_an_id_of_another_noun_leaves_is_said(contract: str, left: str) -> None:
    (said,) = resource_of(parse(contract, name="test"), "old books").left

    assert re.match(left, said)


def test_reference_to_what_is_not_there_is_refused(service: Path) -> None:
    early = resource_of(parse(_naming("shelf_id"), name="test"), "old books")

    with pytest.raises(
        ScaffoldError, match="x-references of from_id names a tag that something is made of, not 'racks'"
    ):
        resource_of(parse(_naming("from_id", ", x-references: racks"), name="test"), "old books")
    with pytest.raises(
        ScaffoldError, match='shelf_id names one of others, which are not there yet: just scaffold "others" first'
    ):
        write(early, service)


def test_nouns_that_name_each_other_are_refused_with_the_way_to_go_on(service: Path) -> None:
    back = "{book: {type: string, format: uuid, x-references: old books}, name: {type: string}}"
    contract = _naming("shelf_id").replace("properties: {name: {type: string}}", f"properties: {back}", 1)
    mutual = resource_of(parse(contract, name="test"), "old books")

    with pytest.raises(
        ScaffoldError, match=r"and name old books: take shelf_id out of \w+Create and \w+Read, .*put it back"
    ):
        write(mutual, service)


@pytest.mark.parametrize(
    ("responses", "left"),
    [
        ("{'200': {headers: {ETag: {schema: {type: string}}}}, '304': {}}", ["ETag, 304"]),
        ("{'201': {headers: {Location: {schema: {type: string}}}}}", []),
        ("{'200': {headers: {X-Total: {}, location: {}}}, '422': {headers: {X-No: {}}}}", ["X-Total"]),
        ("{}", []),
    ],
)
def test_header_that_is_promised_and_not_written_is_named(responses: str, left: list[str]) -> None:
    document = parse(CONTRACT, name="test")
    path = mapping(mapping(document["paths"])["/api/v1/old-books/{book_id}"])
    mapping(path["get"])["responses"] = mapping(parse(f"responses: {responses}", name="test")["responses"])

    found = resource_of(document, "old books").left

    assert [re.sub(r".* promises (.*): declare.*", r"\1", each) for each in found if "promises" in each] == left


def test_error_that_only_the_contract_knows_is_declared_and_its_rule_is_left() -> None:
    responses = "{'201': {}, '401': {}, '409': {}, '422': {}, default: {}}"
    contract = CONTRACT.replace(
        "operationId: shelve_book\n", f"operationId: shelve_book\n      responses: {responses}\n"
    )

    resource = resource_of(parse(contract, name="test"), "old books")

    assert "problems(*BODY_ERRORS, 409)" in _files(contract)["app/api/v1/old_books.py"]
    assert [each.partition(": ")[0] for each in resource.left] == ["shelve_book of /api/v1/old-books can answer 409"]


def test_objects_of_tests_differ_as_far_as_their_schemas_allow() -> None:
    schemas = (
        "{type: string, maxLength: 4}",
        "{type: string, enum: [Emma, Anna]}",
        "{type: string, pattern: '^[A-Z][a-z]+$'}",
        "{type: string, format: email}",
    )

    others = [
        resource_of(parse(CONTRACT.replace("{type: string}", each), name="test"), "old books").others
        for each in schemas
    ]

    assert [each[0] for each in others] == [{"title": "Emm1"}, {}, {}, {}]


def test_id_of_the_path_is_no_column_that_nobody_sends() -> None:
    contract = (CONTRACT + READ).replace("/api/v1/old-books", "/api/v1/book-shelves/{shelf_id}/old-books")
    contract = contract.replace("state:", "shelf_id: {type: string, format: uuid}\n        state:")

    resource = resource_of(parse(contract, name="test"), "old books")

    assert not [line for line in resource.left if "shelf_id:" in line]
    assert "shelf_id" not in resource.columns.lines
