"""What a contract implies is written into it, and every other byte stays as it is."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from devkit.tests.contract.books import publish
from devkit.tests.processes import SERVICE

from service_devkit.contract.commands import contract
from service_devkit.contract.document import parse, source
from service_devkit.contract.fill import fill
from service_devkit.contract.values import mapping

COMPONENTS = """
components:
  responses:
RESPONSES
  schemas:
    Id: {type: string, format: uuid}
    Problem: {type: object, required: [code], properties: {code: {type: string}}}
    Book: {type: object, additionalProperties: false, properties: {title: {type: string}}, examples: [{title: Emma}]}
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Key}
""".replace(
    "RESPONSES",
    "\n".join(
        f"    {name}: {{description: An error., content: {{application/problem+json: "
        "{schema: {$ref: '#/components/schemas/Problem'}}}}"
        for name in (
            *("BadRequest", "Unauthorized", "Forbidden", "NotFound", "Conflict", "TooLarge", "WrongMediaType"),
            *("Invalid", "TooManyRequests", "Unavailable"),
        )
    ),
)
HEAD = """\
openapi: 3.1.0
info: {title: Library, version: "1"}
security: [{key: []}]
tags: [{name: books, description: Books.}]
paths:
"""
BY_HAND = (
    HEAD
    + """\
  # The shelf.
  /books:
    get:
      operationId: list_books   # as it was
      tags: [books]
      summary: List the books
      responses:
        # What comes back.
        "200": {description: Some., content: {application/json: {schema: {$ref: '#/components/schemas/Book'}}}}  # all

    # A new one.
    post:
      operationId: add_book
      tags: [books]
      summary: |
        Add a book

        # which is no comment

      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Book'}}}}
      responses:
        "201":
          description: >
            Added.
        "409": { $ref: '#/components/responses/Conflict' }   # there already
  /books/{book_id}:
    delete:
      operationId: delete_book
      tags: [books]
      summary: Delete a book
      responses: {"204": {description: Gone.}}
  /news: {get: {operationId: read_news, tags: [books], summary: Read the news, security: [], responses: {"204": {description: None.}}}}
  /healthz:
    get:
      operationId: healthz
      tags: [books]
      summary: Tell that it answers
      security: []
      x-unlimited: true
      responses: {"204": {description: It does.}}
"""
    + COMPONENTS
)
FILLED = (
    HEAD
    + """\
  # The shelf.
  /books:
    get:
      operationId: list_books   # as it was
      tags: [books]
      summary: List the books
      responses:
        # What comes back.
        "200": {description: Some., content: {application/json: {schema: {$ref: '#/components/schemas/Book'}}}}  # all
        "401": { $ref: '#/components/responses/Unauthorized' }
        "403": { $ref: '#/components/responses/Forbidden' }
        "429": { $ref: '#/components/responses/TooManyRequests' }
        "503": { $ref: '#/components/responses/Unavailable' }

    # A new one.
    post:
      operationId: add_book
      tags: [books]
      summary: |
        Add a book

        # which is no comment

      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Book'}}}}
      responses:
        "201":
          description: >
            Added.
        "400": { $ref: '#/components/responses/BadRequest' }
        "401": { $ref: '#/components/responses/Unauthorized' }
        "403": { $ref: '#/components/responses/Forbidden' }
        "409": { $ref: '#/components/responses/Conflict' }   # there already
        "413": { $ref: '#/components/responses/TooLarge' }
        "415": { $ref: '#/components/responses/WrongMediaType' }
        "422": { $ref: '#/components/responses/Invalid' }
        "429": { $ref: '#/components/responses/TooManyRequests' }
        "503": { $ref: '#/components/responses/Unavailable' }
  /books/{book_id}:
    parameters:
      - { name: book_id, in: path, required: true, description: Which book, schema: { $ref: '#/components/schemas/Id' } }
    delete:
      operationId: delete_book
      tags: [books]
      summary: Delete a book
      responses: {"204": {description: Gone.}, "401": { $ref: '#/components/responses/Unauthorized' }, \
"403": { $ref: '#/components/responses/Forbidden' }, "404": { $ref: '#/components/responses/NotFound' }, \
"422": { $ref: '#/components/responses/Invalid' }, "429": { $ref: '#/components/responses/TooManyRequests' }, \
"503": { $ref: '#/components/responses/Unavailable' }}
  /news: {get: {operationId: read_news, tags: [books], summary: Read the news, security: [], \
responses: {"204": {description: None.}, "429": { $ref: '#/components/responses/TooManyRequests' }, \
"503": { $ref: '#/components/responses/Unavailable' }}}}
  /healthz:
    get:
      operationId: healthz
      tags: [books]
      summary: Tell that it answers
      security: []
      x-unlimited: true
      responses: {"204": {description: It does.}}
"""
    + COMPONENTS
)


def _fill(project: Path, text: str) -> tuple[int, str, str]:
    """The exit status, what was said, and the file."""
    path = publish(project)
    path.write_bytes(text.encode())
    result = CliRunner().invoke(contract, ["fill"])
    assert type(result.exception) in (type(None), SystemExit), result.exception
    return result.exit_code, result.output, path.read_bytes().decode()


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_implied_is_written_and_all_else_stays(project: Path, line_end: str) -> None:
    status, said, text = _fill(project, BY_HAND.replace("\n", line_end))

    assert text.splitlines() == FILLED.splitlines()
    assert text == FILLED.replace("\n", line_end)
    assert (status, said.splitlines()[0]) == (0, "written: contracts/openapi.yaml:43: /books/{book_id}: {book_id}")
    assert said.endswith("places filled in: 5\n")


def test_filled_contract_has_no_finding_and_is_not_filled_again(project: Path) -> None:
    status, said, text = _fill(project, FILLED)

    linted = CliRunner().invoke(contract, ["lint"])

    assert (status, said, text) == (0, "places filled in: 0\n", FILLED)
    assert linted.exit_code == 0, linted.output


OPERATION = "    delete: {operationId: delete_book, tags: [books], summary: Delete one, "
ALL = ("401", "403", "404", "422", "429", "503")
SHAPES = [
    ("nothing promised yet", "  /books/{book_id}:\n    delete:\n      operationId: delete_book\n      summary: Delete"),
    ("a mapping over lines", "  /books/{book_id}:\n" + OPERATION + 'responses: {\n      "204": {description: Gone.}, # it is\n    }}'),
    ("all on one line", "  /books/{book_id}: {delete: {responses: {'503': {$ref: '#/components/responses/Unavailable'}}}}"),
    ("none before", "  /books/{book_id}:\n    delete:\n      responses:\n        # Late.\n        '503': {$ref: '#/components/responses/Unavailable'}"),
    ("out of order", "  /books/{book_id}:\n    delete:\n      responses:\n        '503': {$ref: '#/components/responses/Unavailable'}\n        '204': {description: Gone.}"),
    ("an id beside others", "  /books/{book_id}:\n    parameters:\n    - name: trace\n      in: query\n      schema: {type: string}\n    # The rest.\n    delete:\n      responses: {'204': {description: Gone.}}"),
    ("an id beside others on one line", "  /books/{book_id}:\n    parameters: [{name: trace, in: query, schema: {type: string}}]\n    delete: {responses: {'204': {description: Gone.}}}"),
    ("an id that one operation declares", "  /books/{book_id}:\n    get:\n      parameters: [{name: book_id, in: path, required: true, schema: {type: integer}}]\n      responses: {'204': {description: Gone.}}\n    delete:\n      responses: {'204': {description: Gone.}}"),
    ("two ids", "  /books/{book_id}/pages/{id}:\n    delete:\n      responses:\n        '204':\n          description: Gone."),
    ("an anchor", "  /books/{book_id}:\n    delete: &delete\n      responses: &gone\n        '204': {description: Gone.}"),
    ("an alias at the end", "  /a:\n    get:\n      x-unlimited: true\n      security: []\n      responses: {'204': &gone {description: Gone.}}\n  /books/{book_id}:\n    delete:\n      responses:\n        '204': *gone"),
    ("letters of many bytes", "  /books/{book_id}:\n    delete:\n      summary: Löscht 📚 eines\n      responses:\n        '204': {description: Fort 📚.} # ö"),
]  # fmt: skip


@pytest.mark.parametrize("shape", [shape for _, shape in SHAPES], ids=[name for name, _ in SHAPES])
@pytest.mark.parametrize("end", ["", "\n", "\n\n# The end.\n"], ids=["no line end", "line end", "comment"])
def test_every_way_to_write_it_is_filled_once(project: Path, shape: str, end: str) -> None:
    text = HEAD.replace("paths:\n", COMPONENTS.lstrip() + "paths:\n") + shape + end

    status, said, filled = _fill(project, text)
    _, again, twice = _fill(project, filled)

    assert status == 0, said
    assert (again, twice) == ("places filled in: 0\n", filled)
    assert [
        line for line in text.splitlines() if line.strip().startswith("#") and line not in filled.splitlines()
    ] == []
    promised = mapping(mapping(mapping(parse(filled, name="test")["paths"])[_path(shape)])["delete"])
    assert set(ALL) <= mapping(promised["responses"]).keys()


def _path(shape: str) -> str:
    return next(line for line in shape.splitlines() if "{book_id}" in line).strip().partition(":")[0]


def test_what_cannot_be_filled_is_named_with_its_line_and_nothing_is_written(project: Path) -> None:
    shared = "  /a:\n    get:\n      responses: &shared\n        '204': {description: Gone.}\n"
    alias = HEAD + shared + "  /b:\n    get:\n      responses: *shared\n" + COMPONENTS
    lost = HEAD + shared + COMPONENTS.replace("Forbidden", "Refused")
    unknown = HEAD + shared.replace("/a:", "/{slug}:") + COMPONENTS

    assert _fill(project, alias) == (
        1,
        "Error: contracts/openapi.yaml:12: *shared stands in several places: write it out here\n",
        alias,
    )
    assert _fill(project, lost) == (
        1,
        "Error: contracts/openapi.yaml:7: GET /a can answer 403: write Forbidden into components > responses first\n",
        lost,
    )
    status, said, text = _fill(project, unknown)
    assert (status, text) == (1, unknown)
    assert "contracts/openapi.yaml:7: Path parameter 'slug' for 'get' operation in '/{slug}' was not resolved" in said


def test_undeclared_id_is_reported_with_its_fix(project: Path) -> None:
    publish(project, BY_HAND)

    result = CliRunner().invoke(contract, ["lint"])

    assert (
        "contracts/openapi.yaml:31: /books/{book_id}: {book_id} is not declared: write it with `just contract --fill`"
        in result.output
    )


def test_shared_parameter_and_the_usual_response_are_referred_to(project: Path) -> None:
    text = BY_HAND.replace(
        "components:\n",
        "components:\n  parameters:\n    Book: {name: book_id, in: path, required: true, description: It, schema: {type: integer}}\n",
    ).replace("Unauthorized", "SignIn")
    text = text.replace("description: None.}", "description: None.}, '401': {$ref: '#/components/responses/SignIn'}")

    _, _, filled = _fill(project, text)

    assert "    parameters:\n      - { $ref: '#/components/parameters/Book' }\n" in filled
    assert "\"401\": { $ref: '#/components/responses/SignIn' }" in filled


def test_rule_that_a_service_goes_without_implies_nothing(project: Path) -> None:
    with (project / "pyproject.toml").open("a") as file:
        file.write('[tool.devkit.contract]\nwithout-rules = ["is_public_only_on_purpose"]\n')

    _, _, filled = _fill(project, BY_HAND)

    assert "responses/Unauthorized" not in filled.partition("components:")[0]
    assert "responses/BadRequest" in filled.partition("components:")[0]


def test_contract_of_the_template_says_all_that_it_implies_in_the_order_in_which_it_is_filled(project: Path) -> None:
    text = (SERVICE / "contracts" / "openapi.yaml").read_text(encoding="utf-8")
    short = "".join(line for line in text.splitlines(keepends=True) if not line.startswith('        "429": '))

    assert len(short) < len(text)
    assert _fill(project, short)[::2] == (0, text)


MAKES = """\
      responses:
        "201":
          description: Made.
          content: {application/json: {schema: {$ref: '#/components/schemas/Book'}}}
"""
SHARED_HEADER = "components:\n  headers: {Location: {description: Where it is, schema: {type: string}}}\n"


@pytest.mark.parametrize(
    ("change", "written"),
    [
        (
            {},
            [
                "          headers:",
                "            Location: { description: Where the new object is, schema: { type: string } }",
            ],
        ),
        (
            {"components:\n": SHARED_HEADER},
            ["          headers:", "            Location: { $ref: '#/components/headers/Location' }"],
        ),
        ({"description: Made.": "description: Made.\n          headers: {}"}, []),
        ({"BookCreate'}": "Book'}"}, []),
        ({'"201"': '"200"'}, []),
        ({"{book_id}:\n    get": "{book_id}:\n    delete"}, []),
    ],
)
def test_what_makes_one_says_where_it_is(change: dict[str, str], written: list[str]) -> None:
    text = (
        HEAD
        + "  /books:\n    post:\n      operationId: add_book\n"
        + "      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/BookCreate'}}}}\n"
        + MAKES
        + "  /books/{book_id}:\n    get:\n      operationId: read_book\n      responses: {}\n"
        + COMPONENTS.replace("    Book:", "    BookCreate: {type: object}\n    Book:")
    )
    for old, new in change.items():
        text = text.replace(old, new, 1)

    filled = fill(source(text, name="test"), text)

    added = [
        line
        for line in filled.text.splitlines()
        if line not in text.splitlines() and ("eaders" in line or "Location" in line)
    ]
    assert added == written
    assert "'429'" in filled.text or '"429"' in filled.text


NOUN = """
    Id: {type: string, format: uuid}
    Page: {type: object, properties: {total: {type: integer}, limit: {type: integer}, offset: {type: integer}}}
    StoryCreate: {type: object, additionalProperties: false, properties: {title: {type: string}}, examples: [{title: Emma}]}
    StoryUpdate: {type: object, additionalProperties: false, properties: {title: {type: string}}, examples: [{title: Emma}]}
    StoryRead: {type: object, properties: {title: {type: string}}, examples: [{title: Emma}]}
    Problem:"""
PAGED = """components:
  headers: {ETag: {description: State, schema: {type: string}}}
  parameters:
    Limit: {name: limit, in: query, description: How many, schema: {type: integer, minimum: 1, maximum: 9, default: 9}}
    Offset: {name: offset, in: query, description: From, schema: {type: integer, minimum: 0, maximum: 9, default: 0}}
    After: {name: after, in: query, description: Behind, schema: {type: string}}
"""
PAGE = [
    "    StoryPage:",
    "      type: object",
    "      allOf: [{ $ref: '#/components/schemas/Page' }]",
    "      required: [items]",
    "      properties: { items: { type: array, items: { $ref: '#/components/schemas/StoryRead' } } }",
    "      examples: [{ items: [], total: 0, limit: 20, offset: 0 }]",
]
ONE = "content: { \"application/json\": { schema: { $ref: '#/components/schemas/StoryRead' } } }"
SOME = ONE.replace("StoryRead", "StoryPage")
LIMIT, OFFSET = (f"        - {{ $ref: '#/components/parameters/{name}' }}" for name in ("Limit", "Offset"))
LISTED = [
    "      parameters:",
    LIMIT,
    OFFSET,
    "      responses:",
    f'        "200": {{ description: "A part of the list.", {SOME} }}',
]


def _body(name: str) -> list[str]:
    content = ONE.replace("StoryRead", name)
    return ["      requestBody:", "        required: true", f"        {content}"]


# How an operation is written, and what is put into it beside the errors; the page stands where one is referred to.
USUAL = [
    ("list", "/stories", "get", "list_stories", "", LISTED),
    ("read", "/stories/{story_id}", "get", "read_story", "", ["      responses:", f'        "200": {{ description: "The story.", {ONE} }}']),
    ("create", "/stories", "post", "create_story", "", [*_body("StoryCreate"), "      responses:", f'        "201": {{ description: "The new story.", {ONE} }}']),
    ("add", "/stories", "post", "add_story", "", [*_body("StoryCreate"), "      responses:", f'        "201": {{ description: "The new story.", {ONE} }}']),
    ("update", "/stories/{story_id}", "patch", "update_story", "", [*_body("StoryUpdate"), "      responses:", f'        "200": {{ description: "The story as it is now.", {ONE} }}']),
    ("delete", "/stories/{story_id}", "delete", "delete_story", "", ["      responses:", '        "204": { description: "The story is gone." }']),
    ("behind an item", "/stories", "get", "list_stories", "      parameters: [{$ref: '#/components/parameters/After'}]\n",
     [f"      parameters: [{{$ref: '#/components/parameters/After'}}, {LIMIT.strip(' -')}, {OFFSET.strip(' -')}]", *LISTED[3:]]),
    ("a refusal", "/stories", "get", "list_stories", "      responses:\n        \"409\": {$ref: '#/components/responses/Conflict'}\n",
     [*LISTED[:3], '        "200":', '          description: "A part of the list."', f"          {SOME}"]),
    ("no change", "/stories/{story_id}", "get", "read_story", "      responses:\n        \"304\": {description: Same., headers: {ETag: {$ref: '#/components/headers/ETag'}}}\n",
     ['        "200":', '          description: "The story."', "          headers: { ETag: { $ref: '#/components/headers/ETag' } }", f"          {ONE}"]),
    ("another answer", "/stories/{story_id}", "get", "read_story", "      responses:\n        \"202\": {description: Later.}\n", []),
    ("a redirect", "/stories/{story_id}", "get", "read_story", "      responses:\n        \"303\": {description: There.}\n", []),
    ("another noun", "/stories/{story_id}", "get", "read_history", "", None),
    ("another word", "/stories/{story_id}", "get", "find_story", "", None),
    ("another method", "/stories", "put", "create_story", "", None),
    ("a path that has no id", "/stories/last", "delete", "delete_story", "", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "method", "operation_id", "rest", "written"), [row[1:] for row in USUAL], ids=[row[0] for row in USUAL]
)
def test_usual_operation_says_only_its_name(  # noqa: PLR0917 - a table
    project: Path, path: str, method: str, operation_id: str, rest: str, written: list[str] | None
) -> None:
    components = COMPONENTS.replace("components:\n", PAGED, 1).replace(
        "\n    Id: {type: string, format: uuid}\n    Problem:", NOUN, 1
    )
    text = f"{HEAD}  {path}:\n    {method}:\n      operationId: {operation_id}\n      tags: [books]\n      summary: It\n{rest}{components}"

    status, said, filled = _fill(project, text)
    again = _fill(project, filled)

    new = [line for line in filled.splitlines() if line not in text.splitlines()]
    rest_of_it = [line for line in new if not line.startswith('        "4') and "503" not in line and "429" not in line]
    of_path = [line for line in rest_of_it if line == "    parameters:" or "name: story_id" in line]
    page = PAGE if any("StoryPage" in line for line in written or []) else []
    assert status == 0, said
    assert [line for line in rest_of_it if line not in of_path] == [
        *(["      responses:"] if written is None else written),
        *page,
    ]
    assert again == (0, "places filled in: 0\n", filled)


def test_page_that_is_referred_to_is_written_and_lint_says_how(project: Path) -> None:
    components = COMPONENTS.replace("\n    Id: {type: string, format: uuid}\n    Problem:", NOUN, 1)
    answer = "{description: Some., content: {application/json: {schema: {$ref: '#/components/schemas/StoryPage'}}}}"
    text = f"{HEAD}  /search:\n    get:\n      operationId: search\n      responses:\n        '200': {answer}\n{components}"
    publish(project).write_text(text, encoding="utf-8")

    linted = CliRunner().invoke(contract, ["lint"])
    status, said, filled = _fill(project, text)

    assert "leads nowhere: write it with `just contract --fill`" in linted.output
    assert (status, [line for line in PAGE if line not in filled.splitlines()]) == (0, []), said


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ("      responses: {'200': {$ref: '#/components/responses/Lost'}}\n", 10),
        ("      responses: {'200': {description: Page, content: {a/b: {schema: {$ref: '#/components/schemas/LostPage'}}}}}\n", 10),
        ("      responses: []\n", 10),
    ],
)  # fmt: skip
def test_fault_of_a_short_contract_is_told_with_the_line_in_the_file(project: Path, wrong: str, line: int) -> None:
    components = COMPONENTS.replace("components:\n", PAGED, 1).replace(
        "\n    Id: {type: string, format: uuid}\n    Problem:", NOUN, 1
    )
    lists = "  /stories: {get: {operationId: list_stories}}\n"
    text = f"{HEAD}{lists}  /a:\n    get:\n      operationId: a\n{wrong}{components}"

    status, said, kept = _fill(project, text)

    assert (status, kept) == (1, text)
    assert said.startswith(f"Error: contracts/openapi.yaml:{line}: "), said
