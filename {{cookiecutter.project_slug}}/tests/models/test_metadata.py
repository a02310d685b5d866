"""Rules that every table follows."""

from itertools import takewhile

import pytest
from sqlalchemy import Column, DateTime, Enum, Index, PrimaryKeyConstraint, Table, Text, UniqueConstraint, select
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, configure_mappers, mapped_column

from app.models import Base
from app.models.base import columns_of

TABLES = Base.metadata.sorted_tables


def unindexed_foreign_keys(table: Table) -> list[list[str]]:
    """The foreign keys whose columns no index begins with: one for every row, of plain columns, or of a constraint that PostgreSQL makes it for."""
    kinds = PrimaryKeyConstraint | UniqueConstraint | ExcludeConstraint
    beginnings = [_beginning(each) for each in table.indexes if each.dialect_options["postgresql"]["where"] is None]
    made = [each for each in table.constraints if isinstance(each, kinds) and getattr(each, "where", None) is None]
    beginnings += [[column.name for column in each.columns] for each in made]
    keys = [[column.name for column in each.columns] for each in table.foreign_key_constraints]
    return [key for key in keys if not any({*each[: len(key)]} == {*key} for each in beginnings)]


def _beginning(index: Index) -> list[str]:
    """The columns before the first expression."""
    plain = takewhile(lambda each: isinstance(each, Column), index.expressions)
    return [each.name for each in plain if isinstance(each, Column)]


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_foreign_keys_are_indexed(table: Table) -> None:
    assert unindexed_foreign_keys(table) == []


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_times_have_a_zone(table: Table) -> None:
    types = {column.name: column.type for column in table.columns}

    assert [name for name, kind in types.items() if isinstance(kind, DateTime) and not kind.timezone] == []


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_constraints_and_indexes_are_named(table: Table) -> None:
    assert [each for each in table.constraints if not each.name] == []
    assert [each for each in table.indexes if not each.name] == []


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_no_enumeration_type_of_the_database(table: Table) -> None:
    """They do not survive a downgrade and an upgrade; text with a check constraint does."""
    native = [each for each in table.columns if isinstance(each.type, Enum) and each.type.native_enum]

    assert native == []


def test_relations_never_load_by_themselves() -> None:
    configure_mappers()
    relations = [each for mapper in Base.registry.mappers for each in mapper.relationships]

    assert [str(each) for each in relations if each.lazy not in {"raise", "raise_on_sql", "noload"}] == []


def test_read_of_a_renamed_column_is_named_as_the_code_knows_it() -> None:
    class Renaming(DeclarativeBase):
        pass

    class Product(Renaming):
        __tablename__ = "products"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column("title")

    Renaming.metadata.tables["products"].append_column(Column("name", Text()))

    statement = select(*columns_of(Product))

    assert " ".join(str(statement).split()) == "SELECT products.id, products.title AS name FROM products"
