"""Differences of models and migrations are reported; what is the same to PostgreSQL is none."""

import asyncio
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    Connection,
    Enum,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSTZRANGE, ExcludeConstraint
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import SchemaItem

from service_devkit.catalogue import differences, not_compared
from service_devkit.postgres.throwaway import ThrowawayCluster

Migrated = Callable[[str, Callable[[Connection], list[str]]], list[str]]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThrowawayCluster() as cluster:
        yield cluster.url().replace("postgresql://", "postgresql+asyncpg://")


@pytest.fixture
def migrated(server: str) -> Migrated:
    """Run the statements of a migration, ask, and take everything back."""

    def run(statements: str, ask: Callable[[Connection], list[str]]) -> list[str]:
        async def inside() -> list[str]:
            engine = create_async_engine(server, poolclass=NullPool)
            async with engine.connect() as connection:
                for statement in filter(str.strip, statements.split(";;")):
                    await connection.exec_driver_sql(statement)
                found = await connection.run_sync(ask)
                await connection.rollback()
            await engine.dispose()
            return found

        return asyncio.run(inside())

    return run


def books(*parts: SchemaItem, comment: str | None = None, schema: str | None = None) -> MetaData:
    metadata = MetaData()
    Table("books", metadata, Column("id", Integer, primary_key=True), *parts, comment=comment, schema=schema)
    return metadata


def made(*columns: str) -> str:
    return f"CREATE TABLE books ({', '.join(('id serial PRIMARY KEY', *columns))})"


SAME: list[tuple[MetaData, str]] = [
    (books(Column("data", JSONB, server_default="{}")), made("data jsonb DEFAULT '{}'::jsonb")),
    (
        books(Column("key", Text, server_default=text("gen_random_uuid()::text"))),
        made("key text DEFAULT (gen_random_uuid())::text"),
    ),
    (books(Column("n", Integer, server_default="1")), made("n integer DEFAULT 1")),
    (books(Column("n", Numeric(10, 2), server_default="0")), made("n numeric(10, 2) DEFAULT '0'")),
    (
        books(Column("n", Integer), CheckConstraint("n>0", name="ck")),
        made("n integer", "CONSTRAINT ck CHECK ((n > 0))"),
    ),
    (
        books(Column("n", Integer), CheckConstraint("n > 0", name="ck")),
        made("n integer") + ";; ALTER TABLE books ADD CONSTRAINT ck CHECK (n > 0) NOT VALID",
    ),
    (
        books(Column("title", Text), Index("ix", text("lower(title)"), postgresql_where=text("title IS NOT NULL"))),
        made("title text") + ";; CREATE INDEX ix ON books (lower((title)::text)) WHERE (title IS NOT NULL)",
    ),
    (
        books(Column("title", Text), schema="shop"),
        "CREATE SCHEMA shop;; CREATE TABLE shop.books (id serial PRIMARY KEY, title text)",
    ),
    (
        books(Column("kind", Enum("novel", "essay", name="kind"))),
        "CREATE TYPE kind AS ENUM ('novel', 'essay');;" + made("kind kind"),
    ),
    (
        books(Column("kind", Enum("novel", "essay", native_enum=False, create_constraint=True, name="ck"))),
        made("kind varchar(5)", "CONSTRAINT ck CHECK (kind IN ('novel', 'essay'))"),
    ),
]
DIFFERENT: list[tuple[MetaData, str, str]] = [
    (
        books(Column("n", Integer), CheckConstraint("n > 0", name="ck")),
        made("n integer", "CONSTRAINT ck CHECK (n > 1)"),
        "constraint ck",
    ),
    (books(Column("n", Integer), CheckConstraint("n > 0", name="ck")), made("n integer"), "constraint ck"),
    (books(Column("n", Integer)), made("n integer", "CONSTRAINT ck CHECK (n > 1)"), "constraint ck"),
    (books(Column("n", Integer, server_default="1")), made("n integer DEFAULT 2"), "column n"),
    (books(Column("n", Integer, server_default="1")), made("n integer"), "column n"),
    (books(Column("n", Integer)), made("n integer DEFAULT 2"), "column n"),
    (books(Column("n", Integer, nullable=False)), made("n integer"), "column n"),
    (books(Column("n", Integer)), made("n bigint"), "column n"),
    (books(Column("n", String(10))), made("n varchar(20)"), "column n"),
    (books(Column("n", Text)), made('n text COLLATE "C"'), "column n"),
    (books(Column("n", Integer)), made(), "column n"),
    (books(), made("n integer"), "column n"),
    (books(Column("n", Integer, Identity())), made("n integer GENERATED ALWAYS AS IDENTITY"), "column n"),
    (
        books(Column("n", Integer, Computed("id + 1"))),
        made("n integer GENERATED ALWAYS AS (id + 2) STORED"),
        "column n",
    ),
    (books(Column("n", Integer, comment="pages")), made("n integer"), "column n"),
    (books(comment="all books"), made() + ";; COMMENT ON TABLE books IS 'some books'", "table"),
    (
        books(Column("kind", Enum("novel", "essay", name="kind"))),
        "CREATE TYPE kind AS ENUM ('novel');;" + made("kind kind"),
        "column kind",
    ),
    (
        books(Column("kinds", ARRAY(Enum("novel", "essay", name="kind")))),
        "CREATE TYPE kind AS ENUM ('essay', 'novel');;" + made("kinds kind[]"),
        "column kinds",
    ),
    (
        books(Column("n", Integer), Index("ix", "n", postgresql_where=text("n > 0"))),
        made("n integer") + ";; CREATE INDEX ix ON books (n)",
        "index ix",
    ),
    (
        books(Column("n", Text), Index("ix", text("lower(n)"))),
        made("n text") + ";; CREATE INDEX ix ON books (upper(n))",
        "index ix",
    ),
    (
        books(Column("n", Text), Index("ix", "n", unique=True)),
        made("n text") + ";; CREATE INDEX ix ON books (n)",
        "index ix",
    ),
    (books(Column("n", Integer), UniqueConstraint("n", name="uq")), made("n integer"), "constraint uq"),
    (
        books(Column("at", TSTZRANGE), ExcludeConstraint(("at", "&&"), name="ex", using="gist")),
        made("at tstzrange", "CONSTRAINT ex EXCLUDE USING gist (at WITH =)"),
        "constraint ex",
    ),
    (
        books(Column("parent", ForeignKey("books.id", name="fk", ondelete="CASCADE"))),
        made("parent integer CONSTRAINT fk REFERENCES books (id)"),
        "constraint fk",
    ),
    (books(schema="shop"), made(), "public.books: a migration makes it, and no model describes it"),
]


@pytest.mark.parametrize(("models", "migration"), SAME)
def test_what_postgresql_takes_for_the_same_is_no_difference(
    migrated: Migrated, models: MetaData, migration: str
) -> None:
    assert migrated(migration, lambda connection: differences(connection, models)) == []


@pytest.mark.parametrize(("models", "migration", "message"), DIFFERENT)
def test_difference_is_reported(migrated: Migrated, models: MetaData, migration: str, message: str) -> None:
    found = migrated(migration, lambda connection: differences(connection, models))

    assert any(message in each.splitlines()[0] for each in found), found


def test_both_sides_of_a_difference_are_shown(
    migrated: Migrated,
) -> None:
    models = books(Column("n", Integer), CheckConstraint("n > 0", name="ck"))

    found = migrated(
        made("n integer", "CONSTRAINT ck CHECK (n > 1)"), lambda connection: differences(connection, models)
    )

    assert found == ["public.books: constraint ck\n    models:     CHECK ((n > 0))\n    migrations: CHECK ((n > 1))"]


def test_table_without_a_model_is_reported_until_it_is_named(
    migrated: Migrated,
) -> None:
    statements = made() + ";; CREATE TABLE queue (id integer)"

    def found(*names: str) -> list[str]:
        return migrated(statements, lambda connection: differences(connection, books(), without_model={*names}))

    assert found() == ["public.queue: a migration makes it, and no model describes it"]
    assert found("public.queue") == []
    assert found("public.queue", "public.was") == ["public.was: named as a table without a model, and there is none"]


def test_comparison_that_cannot_be_made_is_named(
    migrated: Migrated,
) -> None:
    models = books(Column("key", Uuid, server_default=text("no_such_function()")))

    (message,) = migrated(made("key uuid"), lambda connection: differences(connection, models))

    assert message.startswith("nothing was compared, since the tables of the models cannot be made on this database: ")
    assert "no_such_function" in message


def test_what_is_not_looked_at_is_named(
    migrated: Migrated,
) -> None:
    statements = (
        "CREATE TABLE books (id integer);; CREATE VIEW titles AS SELECT id FROM books;; CREATE SEQUENCE numbers;;"
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';;"
        "CREATE TRIGGER touched BEFORE UPDATE ON books FOR EACH ROW EXECUTE FUNCTION touch()"
    )

    assert migrated(statements, not_compared) == [
        "function touch()",
        "sequence numbers",
        "trigger touched on books",
        "view titles",
    ]
