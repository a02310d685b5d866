"""What is sent to an operation, and where its ids come from."""

import pytest
import yaml

from service_devkit.benchmark.examples import NoExampleError
from service_devkit.benchmark.operations import Contract, Known, Maker, Request, evaluate, known_by
from service_devkit.contract.values import Json

SHELVES = """
openapi: 3.1.0
security: [{key: []}]
paths:
  /shelves:
    post:
      operationId: add_shelf
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Shelf"}}}}
      responses:
        201: {links: {look: {operationId: read_book, parameters: {shelf_id: $request.path.shelf_id, book_id: $response.body#/first~1book/0}}}}
  /shelves/{shelf_id}:
    parameters: [{name: shelf_id, in: path, required: true, schema: {type: string}}]
    get: {operationId: read_shelf, responses: {}}
    delete: {operationId: remove_shelf, responses: {}}
  /shelves/{shelf_id}/label:
    parameters: [{name: shelf_id, in: path, required: true, schema: {type: string}}]
    put:
      operationId: label_shelf
      security: []
      requestBody: {required: true, content: {image/png: {}}}
      responses: {}
  /shelves/{shelf_id}/books/{book_id}:
    parameters:
      - {name: shelf_id, in: path, required: true, schema: {type: string}}
      - {name: book_id, in: path, required: true, schema: {type: string}}
    get:
      operationId: read_book
      security: [{}, {key: []}]
      parameters:
        - {name: with_notes, in: query, required: true, schema: {default: true}}
        - {name: page, in: query, schema: {type: integer}}
        - {name: X-Trace, in: header, required: true, example: t 1}
      responses: {}
  /isbn/{isbn}:
    get:
      operationId: read_by_isbn
      parameters: [{name: isbn, in: path, required: true, examples: {one: {value: 978/3}}}]
      responses: {}
components:
  schemas:
    Shelf:
      type: object
      required: [name, inside]
      properties:
        name: {type: string, example: North}
        note: {type: string}
        inside: {type: object, required: [kind], properties: {kind: {enum: [oak, pine]}}}
"""
CONTRACT = Contract(yaml.safe_load(SHELVES))


def request_of(name: str, **known: str) -> Request:
    return CONTRACT.operations[name].request(CONTRACT.schemas, Known(known))


def test_body_is_made_of_what_is_required() -> None:
    request = request_of("add_shelf")

    assert request.body == {"name": "North", "inside": {"kind": "oak"}}
    assert request.headers == {"Content-Type": "application/json"}


def test_required_parameters_are_sent_and_what_is_known_stands_in_the_path() -> None:
    request = request_of("read_book", shelf_id="a b", book_id="7")

    assert request.path == "/shelves/a%20b/books/7?with_notes=true"
    assert request.headers == {"X-Trace": "t 1"}


@pytest.mark.parametrize(
    ("media_types", "content"),
    [(("application/pdf", "text/plain; charset=utf-8"), b"a b"), (("text/plain", "application/json"), b'"a b"')],
)
def test_text_is_sent_as_it_is_where_no_json_is_taken(media_types: tuple[str, str], content: bytes) -> None:
    schema: Json = {"schema": {"type": "string", "format": "binary", "examples": ["a b"]}}
    body: Json = {"content": dict.fromkeys(media_types, schema)}
    contract = Contract({"paths": {"/": {"post": {"operationId": "label", "requestBody": body}}}})

    request = contract.operations["label"].request(contract.schemas, Known())

    assert (request.headers, request.content()) == ({"Content-Type": media_types[1]}, content)


def test_example_of_a_path_is_escaped() -> None:
    assert request_of("read_by_isbn").path == "/isbn/978%2F3"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("read_shelf", "the parameter shelf_id has no example: add `examples` to its schema in the contract"),
        ("label_shelf", "its body is image/png, and only JSON and text are sent"),
    ],
)
def test_what_is_missing_is_reported(name: str, said: str) -> None:
    known = {"shelf_id": "1"} if name == "label_shelf" else {}

    with pytest.raises(NoExampleError) as error:
        request_of(name, **known)

    assert str(error.value) == said


def test_schema_that_contains_itself_has_no_example() -> None:
    node: Json = {"$ref": "#/components/schemas/Node"}
    schema: Json = {"required": ["next"], "properties": {"next": node}}
    content: Json = {"application/json": {"schema": node}}
    operation: Json = {"operationId": "loop", "requestBody": {"content": content}}
    contract = Contract({"paths": {"/": {"post": operation}}, "components": {"schemas": {"Node": schema}}})

    with pytest.raises(NoExampleError, match="has no example"):
        contract.operations["loop"].request(contract.schemas, Known())


@pytest.mark.parametrize(
    ("name", "maker"),
    [
        ("add_shelf", None),
        ("read_by_isbn", None),
        ("read_shelf", Maker("add_shelf", {"shelf_id": "$response.body#/id"})),
        ("label_shelf", Maker("add_shelf", {"shelf_id": "$response.body#/id"})),
        (
            "read_book",
            Maker("add_shelf", {"shelf_id": "$request.path.shelf_id", "book_id": "$response.body#/first~1book/0"}),
        ),
    ],
)
def test_ids_come_from_a_link_or_from_the_post_above(name: str, maker: Maker | None) -> None:
    assert CONTRACT.maker(CONTRACT.operations[name]) == maker


def test_what_is_made_is_removed_by_its_delete() -> None:
    found = CONTRACT.remover(CONTRACT.operations["add_shelf"])

    assert found is not None
    assert found[0].name == "remove_shelf"
    assert CONTRACT.remover(CONTRACT.operations["read_shelf"]) is None


def test_operation_that_asks_for_nobody_is_open() -> None:
    assert [each.name for each in CONTRACT.operations.values() if each.is_open] == ["label_shelf", "read_book"]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$response.body#/id", "7"),
        ("$response.body#/a~1b/c", "deep"),
        ("$response.body#/items/1", "second"),
        ("$request.path.shelf_id", "north"),
        ("fixed", "fixed"),
    ],
)
def test_runtime_expression_is_evaluated(expression: str, value: str) -> None:
    answer: Json = {"id": 7, "a/b": {"c": "deep"}, "items": ["first", "second"]}

    assert evaluate(expression, Request("POST", "/shelves", {"shelf_id": "north"}), answer) == value


@pytest.mark.parametrize(
    "expression", ["$response.body#/nothing", "$response.body#/items/9", "$request.path.nothing", "$url"]
)
def test_runtime_expression_without_a_value_is_reported(expression: str) -> None:
    with pytest.raises(NoExampleError) as error:
        evaluate(expression, Request("POST", "/shelves", {}), {"items": []})

    assert str(error.value) == f"{expression} has no value in the answer of POST /shelves"


def test_link_can_give_the_body() -> None:
    maker = Maker("log_in", {}, {"token": "$response.body#/token", "kinds": ["$response.body#/kind", 3], "now": True})

    known = known_by(maker, Request("POST", "/log-in", {}), {"token": "t1", "kind": "k1"})

    assert known.body == {"token": "t1", "kinds": ["k1", 3], "now": True}
    assert CONTRACT.operations["add_shelf"].request(CONTRACT.schemas, known).body == known.body


LOANS = """
paths:
  /books:
    post: {operationId: add_book, requestBody: {content: {application/json: {schema: {example: {title: Emma}}}}}}
  /books/{book_id}/pages: {get: {operationId: read_pages}}
  /loans:
    post: {operationId: lend, requestBody: {content: {application/json: {schema: {example: {days: 3, book_id: none}}}}}}
    put: {operationId: lend_all, requestBody: {content: {application/json: {schema: {}}}}}
"""


def test_id_in_a_body_is_that_of_a_new_one_of_the_noun_that_paths_call_so() -> None:
    loans = Contract(yaml.safe_load(LOANS))

    maker = loans.maker(loans.operations["lend"])

    assert maker
    assert maker.name == "add_book"
    assert known_by(maker, Request("POST", "/books", {}), {"id": "7"}).body == {"days": 3, "book_id": "7"}
    assert [loans.maker(loans.operations[name]) for name in ("add_book", "lend_all")] == [None, None]
