"""Each rule of the lint is broken once."""

import pytest

from dev.migrations.lint import dangerous_statements
from tests.dev.migrations.project import BOOKS, Project


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        ("adding-required-field", 'op.add_column("books", sa.Column("kind", sa.Text(), nullable=False))'),
        ("adding-not-nullable-field", 'op.alter_column("books", "kind", nullable=False)'),
        ("adding-field-with-default", "op.execute('ALTER TABLE books ADD COLUMN k uuid DEFAULT gen_random_uuid()')"),
        ("require-concurrent-index-creation", 'op.create_index("ix_books_kind", "books", ["kind"])'),
        ("require-concurrent-index-deletion", 'op.drop_index("ix_books_title")'),
        (
            "ban-concurrent-index-creation-in-transaction",
            'op.create_index("ix_books_kind", "books", ["kind"], postgresql_concurrently=True)',
        ),
        (
            "prefer-robust-stmts",
            'with op.get_context().autocommit_block():\n    op.create_index("ix", "books", ["kind"], postgresql_concurrently=True)',
        ),
        ("changing-column-type", 'op.alter_column("books", "title", type_=sa.LargeBinary())'),
        ("ban-drop-column", 'op.drop_column("books", "title")'),
        ("ban-drop-table", 'op.drop_table("books")'),
        ("renaming-column", 'op.alter_column("books", "title", new_column_name="name")'),
        ("renaming-table", 'op.rename_table("books", "volumes")'),
        ("adding-foreign-key-constraint", 'op.create_foreign_key("fk", "books", "users", ["id"], ["id"])'),
        ("constraint-missing-not-valid", 'op.create_check_constraint("ck", "books", "title > 0")'),
        ("disallowed-unique-constraint", 'op.create_unique_constraint("uq", "books", ["title"])'),
        ("ban-drop-not-null", 'op.alter_column("books", "title", nullable=True)'),
        ("ban-truncate-cascade", 'op.execute("TRUNCATE books CASCADE")'),
        ("prefer-timestamp-tz", 'op.add_column("books", sa.Column("at", sa.DateTime()))'),
        ("syntax-error", 'op.execute("ALTER TABEL books")'),
    ],
)
def test_dangerous_statement_is_refused(project: Project, rule: str, statement: str) -> None:
    project.add_two(statement)

    told = "\n".join(dangerous_statements(project.config()))

    assert f"alembic/versions/20261121_b00000000002_test.py: {rule}: " in told


def test_finding_shows_its_statement(project: Project) -> None:
    project.add_two('op.drop_column("books", "title")')

    assert "    ALTER TABLE books DROP COLUMN title" in "\n".join(dangerous_statements(project.config()))


@pytest.mark.parametrize(
    "statement",
    [
        BOOKS.replace("books", "volumes"),
        'op.add_column("books", sa.Column("kind", sa.Text(), nullable=True))',
        'op.add_column("books", sa.Column("kind", sa.Text(), nullable=False, server_default="novel"))',
        'op.create_foreign_key("fk", "books", "users", ["id"], ["id"], postgresql_not_valid=True)',
        'op.execute("UPDATE books SET title = lower(title)")',
    ],
)
def test_harmless_statement_passes(project: Project, statement: str) -> None:
    project.add_two(statement)

    assert list(dangerous_statements(project.config())) == []


def test_revision_that_asks_the_database_is_refused(project: Project) -> None:
    project.add_two('op.get_bind().execute(sa.text("SELECT 1")).scalar_one()')

    assert "cannot be written as SQL" in "\n".join(dangerous_statements(project.config()))


def test_waiver_with_a_reason_is_honoured(project: Project) -> None:
    project.add_two(
        'op.drop_column("books", "title")', comment="# squawk: ignore ban-drop-column: unused since version 2.1"
    )

    assert list(dangerous_statements(project.config())) == []


@pytest.mark.parametrize(
    "comment", ["# squawk: ignore ban-drop-column", "# squawk: ignore ban-drop-column: ", "#squawk: off"]
)
def test_waiver_without_a_reason_is_refused(project: Project, comment: str) -> None:
    project.add_two('op.drop_column("books", "title")', comment=comment)

    told = list(dangerous_statements(project.config()))

    assert told[0] == ("alembic/versions/20261121_b00000000002_test.py:3: write it as # squawk: ignore RULE: REASON")
    assert "ban-drop-column" in told[1]


def test_waiver_that_waives_nothing_is_refused(project: Project) -> None:
    project.add_two("pass", comment="# squawk: ignore ban-drop-table: it was empty")

    assert list(dangerous_statements(project.config())) == [
        (
            "alembic/versions/20261121_b00000000002_test.py:3: waives ban-drop-table, which nothing here breaks: "
            "delete the comment"
        )
    ]
