"""How a table is compared with what was sent, and how it is written."""

from pathlib import Path

import pytest
from service_devkit.fixtures.queries import Statements

from tests.api.query_tables import Noun

MODULE = '''"""Books."""

CLIENT = "members"
STATEMENTS: dict[str, list[str]] = {}
OTHER = {"left": "alone"}
'''
TABLE: dict[str, list[str]] = {"GET /books": ["SELECT books.id FROM books"]}
LONG = "SELECT books.id, (SELECT count(*) FROM pages WHERE pages.book_id = books.id) AS pages FROM books WHERE books.id = $1"


@pytest.fixture
def noun(tmp_path: Path) -> Noun:
    """A noun whose table stands in a file of this test."""
    path = tmp_path / "books.py"
    path.write_text(MODULE, encoding="utf-8")
    return Noun(path, dict(TABLE))


def _sent(*texts: str) -> Statements:
    return Statements([(text, f"app/services/books.py:{line}") for line, text in enumerate(texts, 7)])


def test_white_space_makes_no_difference(noun: Noun) -> None:
    noun.compare("GET /books", _sent("SELECT books.id \n  FROM books"))


def test_other_statements_fail_with_their_lines_and_their_place_in_the_table(noun: Noun) -> None:
    with pytest.raises(pytest.fail.Exception) as failure:
        noun.compare("GET /books", _sent("SELECT books.id, books.title \nFROM books", "SELECT 1"))

    assert str(failure.value).splitlines() == [
        "GET /books does not send what tests/api/queries/books.py says ('+' is not there, '-' was not sent):",
        "+ app/services/books.py:7: SELECT books.id, books.title FROM books",
        "+ app/services/books.py:8: SELECT 1",
        "- SELECT books.id FROM books",
        "If that is meant, this is its place in the table, and `just queries` puts it there:",
        '    "GET /books": [',
        '        "SELECT books.id, books.title FROM books",',
        '        "SELECT 1",',
        "    ],",
    ]


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param([], id="too few"),
        pytest.param(["SELECT books.id FROM books", "SELECT books.id FROM books"], id="the same one twice"),
    ],
)
def test_other_number_of_statements_fails(noun: Noun, sent: list[str]) -> None:
    with pytest.raises(pytest.fail.Exception):
        noun.compare("GET /books", _sent(*sent))


def test_operation_without_a_table_fails_even_when_it_sends_nothing(noun: Noun) -> None:
    with pytest.raises(pytest.fail.Exception, match=r'"POST /books": \[\],'):
        noun.compare("POST /books", _sent())


def test_table_is_written_into_its_module_and_the_rest_stays(noun: Noun) -> None:
    noun.write("GET /books", _sent(LONG))
    noun.write("POST /books", _sent())

    assert (
        noun.path.read_text(encoding="utf-8")
        == '''"""Books."""

CLIENT = "members"
STATEMENTS: dict[str, list[str]] = {
    "GET /books": [
        """
        SELECT books.id, (SELECT count(*)
          FROM pages
          WHERE pages.book_id = books.id) AS pages
        FROM books
        WHERE books.id = $1
        """,
    ],
    "POST /books": [],
}
OTHER = {"left": "alone"}
'''
    )


def test_written_table_is_what_was_sent(noun: Noun) -> None:
    quoted = "SELECT \"order\", '\\d' FROM books"

    noun.write("GET /books", _sent(LONG, quoted))

    module: dict[str, dict[str, list[str]]] = {}
    exec(noun.path.read_text(encoding="utf-8"), module)  # noqa: S102 - what was just written
    Noun(noun.path, module["STATEMENTS"]).compare("GET /books", _sent(LONG, quoted))
