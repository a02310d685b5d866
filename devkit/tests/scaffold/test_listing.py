"""What a list can be asked for, by the names and types of the contract's parameters."""

import ast

import pytest
from devkit.tests.scaffold.contracts import BOOKS, asking, described, written

AFTER = "name: after, schema: {type: string, format: uuid}"
SORT = "name: sort, schema: {type: string, enum: [%s]%s}"


def _service(*parameters: str) -> str:
    return written(asking(*parameters))["app/services/books.py"]


@pytest.mark.parametrize(
    ("parameter", "condition"),
    [
        ("name: q, schema: {type: string}", "lambda value: Book.title.icontains(value, autoescape=True)"),
        ("name: search, schema: {type: string}", "lambda value: Book.title.icontains(value, autoescape=True)"),
        ("name: state, schema: {type: string, enum: [new, old]}", "lambda value: Book.state == value"),
        ("name: state, schema: {enum: [new]}", "lambda value: Book.state == value"),
        ("name: state, schema: {type: array, items: {type: string, enum: [new, old]}}", "Book.state.in_"),
        ("name: labels, schema: {type: string}", "lambda value: Book.labels.any_() == value"),
        ("name: is_torn, schema: {type: boolean}", "lambda value: Book.is_torn == value"),
        ("name: shelf_id, schema: {type: string, format: uuid}", "lambda value: Book.shelf_id == value"),
        ("name: pages_from, schema: {type: integer}", "lambda value: Book.pages >= value"),
        ("name: max_pages, schema: {type: integer}", "lambda value: Book.pages <= value"),
        ("name: stars_min, schema: {type: integer}", "lambda value: Book.stars >= value"),
        ("name: due_to, schema: {type: string, format: date}", "lambda value: Book.due <= value"),
        ("name: lent_from, schema: {type: string, format: date-time}", "lambda value: Book.lent_at >= value"),
        ("name: pages_before, schema: {type: integer}", "lambda value: Book.pages < value"),
        ("name: answer_by_before, schema: {type: string, format: date}", "lambda value: Book.answer_by < value"),
        ("name: answer_after, schema: {type: string, format: date}", "lambda value: Book.answer_by > value"),
        ("name: lent_until, schema: {type: string, format: date-time}", "lambda value: Book.lent_at <= value"),
        ("name: created_to, schema: {type: string, format: date-time}", "lambda value: Book.created_at <= value"),
        (
            "name: min_price, schema: {type: string, format: decimal, pattern: '^[0-9]{1,4}[.][0-9]{2}$'}",
            "lambda value: Book.price >= value",
        ),
    ],
)
def test_parameter_becomes_a_condition(parameter: str, condition: str) -> None:
    name = parameter.removeprefix("name: ").partition(",")[0]

    service = _service(parameter)

    assert f'    "{name}": {condition},\n' in service
    assert "found = [Book.owner_id == owner_id, *_filtered(query)]" in service
    assert "count = select(func.count()).select_from(Book).where(*found)" in service


@pytest.mark.parametrize(
    ("parameter", "complaint"),
    [
        ("name: colour, schema: {type: string}", "the parameter colour: there is no such column"),
        (
            "name: due_from, schema: {type: string, format: date-time}",
            "it is datetime, and the column due is date | None",
        ),
        ("name: pages, schema: {type: string}", "it is str, and the column pages is int"),
        ("name: state, schema: {type: array, items: {type: integer}}", "it is list[int], and the column state is str"),
        ("name: labels, schema: {type: array, items: {type: string}}", "and the column labels is list[str]"),
        ("name: labels_from, schema: {type: string}", "and the column labels is list[str]"),
        ("name: pages, schema: {type: [integer, 'null']}", "it is of no simple type, and the column pages is int"),
        (
            "name: pages, content: {application/json: {schema: {type: integer}}}",
            "it is of no simple type, and the column pages is int",
        ),
        (
            "name: due_from, schema: {type: string, format: date, default: '2026-01-01'}",
            "its default is date, not as JSON has it",
        ),
        ("name: q, schema: {type: integer}", "there is no text to look into"),
        (SORT % ("colour", ""), "there is no column colour to sort by"),
        (SORT % ("pages, -labels", ""), "there is no column labels to sort by"),
        ("name: sort, schema: {type: string}", "it has no enum of columns, such as [created_at, -created_at]"),
    ],
)
def test_parameter_that_cannot_be_written_is_listed_and_the_others_are_written(parameter: str, complaint: str) -> None:
    contract = asking(parameter, "name: is_torn, schema: {type: boolean}")

    left = described(contract).left

    assert [line for line in left if line.startswith("list_books: the parameter") and line.endswith(complaint)]
    query = written(contract)["app/schemas/additions/books.py"]
    assert "    is_torn: bool | MISSING = Field(default=MISSING" in query
    assert query.count("Field(") == 1
    assert "_place" not in written(contract)["app/services/books.py"]


@pytest.mark.parametrize(
    ("schema", "line"),
    [
        ("{type: string, minLength: 1, maxLength: 9}", "Annotated[str, Field(min_length=1, max_length=9)] | MISSING"),
        ("{type: string, default: tea}", "str = Field(default='tea', description='Which')"),
        ("{type: string, enum: [a, b]}", "Literal['a', 'b'] | MISSING"),
        (
            "{type: array, maxItems: 2, items: {type: string, enum: [a]}}",
            "Annotated[list[Literal['a']], Field(max_length=2)] | MISSING",
        ),
    ],
)
def test_field_of_a_parameter_has_its_type_and_limits(schema: str, line: str) -> None:
    query = written(asking(f"name: title, description: Which, schema: {schema}"))["app/schemas/additions/books.py"]

    assert f"    title: {line}" in query


def test_moment_has_its_offset() -> None:
    query = written(asking("name: lent_from, schema: {type: string, format: date-time}"))[
        "app/schemas/additions/books.py"
    ]

    assert "    lent_from: AwareDatetime | MISSING = Field(" in query


def test_default_order_is_the_newest_and_a_sort_without_a_default_keeps_it() -> None:
    plain, sorted_ = written(BOOKS)["app/services/books.py"], _service(SORT % ("pages, -pages", ""))

    assert ".order_by(Book.created_at.desc(), Book.id.desc()).limit(limit).offset(offset)" in plain
    assert 'sort = "-created_at" if query.sort is MISSING else query.sort' in sorted_
    assert '{"pages": model.pages, "created_at": model.created_at}' in sorted_


def test_order_with_a_default_goes_along_an_index() -> None:
    files = written(asking(SORT % ("price, -price", ", default: price")))

    assert "sort = query.sort\n" in files["app/services/books.py"]
    assert "Index(None, Book.owner_id, Book.price, Book.id)" in files["app/models/books.py"]
    assert "test_list_begins_with_the_newest" not in files["tests/api/v1/test_books.py"]
    assert "@pytest.mark.parametrize(\"sort\", ['price'])" in files["tests/api/v1/test_books.py"]


@pytest.mark.parametrize(
    ("sort", "place", "left"),
    [
        ("pages", '"pages": model.pages', []),
        ("due", '"due": func.coalesce(model.due, date.max)', []),
        (
            "stars",
            '"stars": model.stars',
            ["sort by stars beside `after`: rows that have none are left out of the pages that follow"],
        ),
    ],
)
def test_pages_that_follow_an_item_keep_its_place_in_the_order(sort: str, place: str, left: list[str]) -> None:
    contract = asking(AFTER, SORT % (f"{sort}, -{sort}", f", default: {sort}"))
    service = written(contract)["app/services/books.py"]

    assert place in service
    assert "where(last.owner_id == owner_id, last.id == query.after)" in service
    assert [each for each in described(contract).left if "after" in each] == left


def test_list_with_after_alone_needs_no_class_of_its_own() -> None:
    files = written(asking(AFTER))

    assert "app/schemas/additions/books.py" not in files
    assert "query: CursorPaginationQuery) -> BookRows" in files["app/services/books.py"]
    assert "query: CursorPagination, user: MayRead" in files["app/api/v1/books.py"]


@pytest.mark.parametrize(
    ("parameter", "queries"),
    [
        ("name: q, schema: {type: string}", [("q=Emma", 1), ("q=nothing+of+the+kind", 0)]),
        ("name: is_torn, schema: {type: boolean}", [("is_torn=false", 1), ("is_torn=true", 0)]),
        (
            "name: due_from, schema: {type: string, format: date}",
            [("due_from=2026-08-31", 1), ("due_from=2026-09-01", 0)],
        ),
        ("name: max_pages, schema: {type: integer}", [("max_pages=3", 1), ("max_pages=2", 0)]),
        ("name: max_pages, schema: {type: integer, minimum: 3}", [("max_pages=3", 1)]),
        ("name: labels, schema: {type: string}", [("labels=red", 1)]),
        (
            "name: min_price, schema: {type: string, format: decimal, pattern: '^[0-9]{1,4}[.][0-9]{2}$'}",
            [("min_price=19.90", 1), ("min_price=20.90", 0)],
        ),
    ],
)
def test_tests_ask_for_what_is_there_and_for_what_is_not(parameter: str, queries: list[tuple[str, int]]) -> None:
    test = written(asking(parameter))["tests/api/v1/test_books.py"]

    assert [line for line in test.splitlines() if line.startswith("        ('")] == [
        f"        ({query!r}, {count})," for query, count in queries
    ]


def test_everything_at_once_is_python() -> None:
    files = written(
        asking(
            AFTER,
            "name: q, schema: {type: string}",
            SORT % ("due, -due, lent_at, -lent_at", ""),
            "name: shelf_id, schema: {type: array, items: {type: string, format: uuid}}",
        )
    )

    assert all(ast.parse(text) for text in files.values())


@pytest.mark.parametrize(
    ("items", "parameters", "is_stub"),
    [
        (", maxItems: 9", "", True),
        ("", "", False),
        (", maxItems: 9", "      parameters: [{name: limit, in: query, schema: {type: integer}}]\n", False),
    ],
)
def test_list_that_comes_whole_is_left_and_gets_no_limit(items: str, parameters: str, *, is_stub: bool) -> None:
    page = f"    BookPage: {{type: object, properties: {{items: {{type: array{items}}}}}}}\n    BookUpdate"
    answer = 'responses: {"200": {content: {application/json: {schema: {$ref: "#/components/schemas/BookPage"}}}}}'
    start = BOOKS.index("      parameters:\n")
    end = BOOKS.index("  /api/v1/books/{book_id}:\n")
    contract = f"{BOOKS[:start]}{parameters}      {answer}\n{BOOKS[end:]}".replace("    BookUpdate", page, 1)

    resource = described(contract)

    assert ("list" not in resource.actions, [each.name for each in resource.stubs]) == (
        is_stub,
        ["list_books"] * is_stub,
    )
    assert "limit" not in written(contract)["app/services/books.py"] or not is_stub
