"""Whose the rows of a noun are, and what follows from it in every layer."""

import ast

import pytest
from devkit.tests.scaffold.contracts import BOOKS, SHARED, described, with_chapters, written

from service_devkit.scaffold.access import ScaffoldError
from service_devkit.scaffold.files import lines_of

PUBLIC = SHARED.replace("operationId: list_books\n", "operationId: list_books\n      security: []\n").replace(
    "{operationId: read_book, ", "{operationId: read_book, security: [], "
)
LAYERS = ("app/models", "app/services", "app/api/v1", "tests/api/v1", "tests/api/permissions", "tests/api/queries")


def _grants(contract: str, tag: str = "books", *, nobody_signs_in: bool = False) -> list[str]:
    lines = lines_of(described(contract, tag), nobody_signs_in=nobody_signs_in)
    return [each.strip() for _, _, text in lines for each in text.splitlines() if "(Role." in each]


def test_what_belongs_to_the_caller_is_asked_for_with_the_caller() -> None:
    files = written(BOOKS)

    assert (
        'owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))'
        in files["app/models/books.py"]
    )
    assert "where(Book.id == book_id, Book.owner_id == owner_id)" in files["app/services/books.py"]
    assert "test_one_of_somebody_else_does_not_exist" in files["tests/api/v1/test_books.py"]


def test_what_a_role_writes_belongs_to_nobody() -> None:
    files = written(SHARED)

    assert not [name for name, text in files.items() if "owner" in text]
    assert "Index(None, Book.created_at.desc(), Book.id.desc())" in files["app/models/books.py"]
    assert "made = Book(**data.model_dump())" in files["app/services/books.py"]
    assert 'CLIENT = "staff"' in files["tests/api/queries/books.py"]
    assert "await staff.post(PATH, json=CREATED)" in files["tests/api/v1/test_books.py"]
    assert "await client.get(address)" in files["tests/api/v1/test_books.py"]


@pytest.mark.parametrize(
    ("said", "nobody_signs_in", "grants"),
    [
        ("staff", False, {"MEMBER": "READ", "STAFF": "READ WRITE", "VIEWER": "READ"}),
        ("[staff, editor]", False, {"MEMBER": "READ", "STAFF": "READ WRITE", "VIEWER": "READ", "EDITOR": "READ WRITE"}),
        ("member", False, {"MEMBER": "READ WRITE", "STAFF": "READ", "VIEWER": "READ"}),
        ("staff", True, {"MEMBER": "READ WRITE", "STAFF": "READ WRITE", "VIEWER": "READ"}),
    ],
)
def test_roles_of_the_tag_may_write_and_the_others_read(
    said: str, nobody_signs_in: bool, grants: dict[str, str]
) -> None:
    lines = _grants(SHARED.replace("x-written-by: staff", f"x-written-by: {said}"), nobody_signs_in=nobody_signs_in)

    assert lines == [
        f"(Role.{role}, {', '.join(f'Permission.BOOKS_{each}' for each in verbs.split())}),"
        for role, verbs in grants.items()
    ]


@pytest.mark.parametrize("said", ["{}", "[]", "7", "[staff, 7]", "'staff, editor'", "''"])
def test_role_that_is_no_name_is_refused(said: str) -> None:
    with pytest.raises(ScaffoldError, match="x-written-by of the tag names roles, such as staff"):
        described(SHARED.replace("x-written-by: staff", f"x-written-by: {said}"))


def test_anybody_reads_what_the_contract_makes_public() -> None:
    files = written(PUBLIC)
    route = files["app/api/v1/books.py"]

    assert '@public_router.get("", response_model=BookPage' in route
    assert "async def read_book(book_id: UUID, reader: ReadSession)" in route
    assert "_user: MayWrite" in route
    assert "GET" not in files["tests/api/permissions/books.py"]
    assert "await anonymous.get(address)" in files["tests/api/v1/test_books.py"]
    assert any(
        '{"GET /api/v1/books", "GET /api/v1/books/{book_id}"}' in text for _, _, text in lines_of(described(PUBLIC))
    )


def test_public_list_of_what_belongs_to_callers_is_left() -> None:
    resource = described(PUBLIC.replace(", x-written-by: staff", ""))

    assert [stub.name for stub in resource.stubs] == ["list_books", "read_book"]
    assert "list" not in resource.actions


def test_part_is_found_through_what_the_caller_owns() -> None:
    files = written(with_chapters(), "chapters")
    service = files["app/services/chapters.py"]

    assert (
        'book_id: Mapped[UUID] = mapped_column(ForeignKey("books.id", ondelete="CASCADE"))'
        in files["app/models/chapters.py"]
    )
    assert "Index(None, Chapter.book_id, Chapter.created_at.desc()" in files["app/models/chapters.py"]
    assert "return select(Book.id).where(Book.id == book_id, Book.owner_id == owner_id)" in service
    assert service.count("parent = _parent(owner_id=owner_id, book_id=book_id)\n") == 5
    assert "_found(await session.scalar(parent.with_for_update(read=True, key_share=True)))" in service
    assert service.count("Chapter.id == chapter_id, Chapter.book_id.in_(parent)") == 3
    assert "owner_id=user.id, book_id=book_id, chapter_id=chapter_id" in files["app/api/v1/chapters.py"]
    assert '"book_id": parent["id"], "chapter_id": made["id"]' in files["tests/api/queries/chapters.py"]


def test_roles_that_write_parts_of_what_callers_own_are_left() -> None:
    contract = with_chapters().replace("description: Parts of books.", "description: Parts., x-written-by: staff")

    resource = described(contract, "chapters")

    assert resource.left == [
        "x-written-by: what belongs to books of callers is written as theirs; let the roles in by hand"
    ]
    assert resource.access.is_owned


def test_part_of_what_belongs_to_nobody_is_written_by_the_same_roles() -> None:
    contract = with_chapters(SHARED)
    service = written(contract, "chapters")["app/services/chapters.py"]

    assert "return select(Book.id).where(Book.id == book_id)\n" in service
    assert "owner_id" not in service
    assert _grants(contract, "chapters")[1] == "(Role.STAFF, Permission.CHAPTERS_READ, Permission.CHAPTERS_WRITE),"


@pytest.mark.parametrize(
    "contract",
    [
        with_chapters().replace("/books/{book_id}", "/shelves/{shelf_id}/books/{book_id}"),
        with_chapters().replace("/api/v1/books:", "/api/v1/novels:"),
    ],
    ids=["a part of a part", "of what nobody makes"],
)
def test_part_that_cannot_be_written_gets_its_table_and_is_listed(contract: str) -> None:
    resource = described(contract, "chapters")

    assert resource.actions == {}
    assert len(resource.left) == 5
    assert 'ForeignKey("books.id"' in written(contract, "chapters")["app/models/chapters.py"]


@pytest.mark.parametrize("contract", [BOOKS, SHARED, PUBLIC, with_chapters(), with_chapters(SHARED)])
def test_every_layer_is_python(contract: str) -> None:
    for tag in ("books", *(["chapters"] if "chapters" in contract else [])):
        files = written(contract, tag)

        assert {name.rpartition("/")[0] for name in files} == {*LAYERS}
        assert all(ast.parse(text) for text in files.values())
