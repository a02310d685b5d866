"""Revisions that cannot be reversed, and drift, are told."""

import re

from sqlalchemy import Column, Integer, Table

from app.models import Base
from dev.migrations.database import broken_steps, drift
from dev.migrations.history import ROOT, wrong_heads, wrong_names
from dev.migrations.lint import dangerous_statements
from tests.dev.migrations.project import BOOKS, NO_BOOKS, Project


def test_enum_that_its_downgrade_leaves_behind_is_refused(project: Project, url: str) -> None:
    project.add_two(
        'kinds = sa.Enum("novel", "essay", name="kind")\nkinds.create(op.get_bind())\n'
        'op.add_column("books", sa.Column("kind", kinds))',
        'op.drop_column("books", "kind")',
    )

    (told,) = broken_steps(project.config(url))

    assert told.startswith(
        "alembic/versions/20261121_b00000000002_test.py: upgrade after downgrade, which left something behind, fails: "
    )
    assert 'type "kind" already exists' in told


def test_downgrade_that_fails_is_refused(project: Project, url: str) -> None:
    project.add_two("pass", 'op.drop_column("books", "kind")')

    (told,) = broken_steps(project.config(url))

    assert told.startswith("alembic/versions/20261121_b00000000002_test.py: downgrade fails: ")


def test_timeouts_of_one_revision_do_not_reach_the_next(project: Project, url: str) -> None:
    project.add(
        "with op.get_context().autocommit_block():\n"
        "    op.execute(\"SET statement_timeout = '30min'\")\n    op.execute(\"SET lock_timeout = '0'\")",
        revision="b00000000001",
        after=None,
    )
    project.add(
        "op.execute(\"DO $$ BEGIN ASSERT current_setting('statement_timeout') = '1min'; "
        "ASSERT current_setting('lock_timeout') = '5s'; END $$\")",
        revision="b00000000002",
        after="b00000000001",
    )

    project.migrate(url)


def test_pattern_in_the_documentation_passes_every_check(project: Project, url: str) -> None:
    project.add(BOOKS, NO_BOOKS, revision="3f1c6a0d2b47", after=None)
    text = (ROOT / "docs" / "migrations.md").read_text(encoding="utf-8")
    shown = re.findall(r"^`alembic/versions/(\S+)`\n\n```python\n(.*?)```", text, re.MULTILINE | re.DOTALL)
    for name, source in shown:
        (project.versions / name).write_text(source, encoding="utf-8")

    assert len(shown) == 5
    for check in (wrong_heads, wrong_names, dangerous_statements, broken_steps):
        assert list(check(project.config(url))) == []


def test_column_that_only_the_database_has_is_drift(project: Project, url: str) -> None:
    head = project.copy_revisions()
    project.add('op.add_column("users", sa.Column("shoe_size", sa.Integer()))', revision="c00000000001", after=head)
    project.migrate(url)

    (told,) = drift(project.config(url))

    assert "op.drop_column('users', 'shoe_size')" in told


def test_model_without_a_migration_is_drift(project: Project, url: str) -> None:
    project.copy_revisions()
    project.migrate(url)
    table = Table("volumes", Base.metadata, Column("id", Integer(), primary_key=True))

    try:
        (told,) = drift(project.config(url))
    finally:
        Base.metadata.remove(table)

    assert "op.create_table('volumes'" in told
