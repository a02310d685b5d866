"""Rules that every table follows."""

import pytest
from sqlalchemy import DateTime, Enum, PrimaryKeyConstraint, Table, UniqueConstraint
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import configure_mappers

from app.models import Base

TABLES = Base.metadata.sorted_tables


def _leading_columns(table: Table) -> set[str]:
    """The first column of each index, and of each constraint that PostgreSQL makes an index for."""
    kinds = PrimaryKeyConstraint | UniqueConstraint | ExcludeConstraint
    indexed = [*table.indexes, *(each for each in table.constraints if isinstance(each, kinds))]
    return {column.name for each in indexed for column in [*each.columns][:1]}  # an index of expressions may have none


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_foreign_keys_are_indexed(table: Table) -> None:
    foreign_keys = {column.name for column in table.columns if column.foreign_keys}

    assert foreign_keys - _leading_columns(table) == set()


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
