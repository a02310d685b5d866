"""Which indexes serve a foreign key, in tables of every kind; the tables of the service are held to it in its own tests."""

import pytest
from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    column,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint
from sqlalchemy.schema import SchemaItem

from tests.models.test_metadata import unindexed_foreign_keys

CASES: list[tuple[str, list[SchemaItem], list[str], bool]] = [
    ("no index", [], ["room_id"], False),
    ("an index", [Index("i", "room_id")], ["room_id"], True),
    ("an index that begins with it", [Index("i", "room_id", "floor")], ["room_id"], True),
    ("an index that ends with it", [Index("i", "floor", "room_id")], ["room_id"], False),
    ("an index in descending order behind it", [Index("i", "room_id", text("floor DESC"))], ["room_id"], True),
    ("an index of an expression", [Index("i", func.abs(column("room_id")))], ["room_id"], False),
    ("an index of some rows", [Index("i", "room_id", postgresql_where=text("floor > 1"))], ["room_id"], False),
    ("a unique constraint", [UniqueConstraint("room_id", "floor")], ["room_id"], True),
    ("a primary key", [PrimaryKeyConstraint("room_id", "floor")], ["room_id"], True),
    ("an exclusion constraint", [ExcludeConstraint(("room_id", "="), ("at", "&&"))], ["room_id"], True),
    ("an exclusion constraint that ends with it", [ExcludeConstraint(("at", "&&"), ("room_id", "="))], ["room_id"], False),
    ("an exclusion constraint of some rows", [ExcludeConstraint(("room_id", "="), where=text("floor > 1"))], ["room_id"], False),
    ("two columns, in any order", [Index("i", "floor", "room_id")], ["room_id", "floor"], True),
    ("two columns, one of them indexed", [Index("i", "room_id")], ["room_id", "floor"], False),
]  # fmt: skip


@pytest.mark.parametrize(("_", "items", "key", "is_indexed"), CASES, ids=[case[0] for case in CASES])
def test_foreign_key_is_indexed_by_what_postgresql_can_use(
    _: str, items: list[SchemaItem], key: list[str], is_indexed: bool
) -> None:
    metadata = MetaData()
    Table("rooms", metadata, Column("room_id", Integer), Column("floor", Integer))
    columns: list[SchemaItem] = [Column("room_id", Integer), Column("floor", Integer), Column("at", TSTZRANGE)]
    foreign = ForeignKeyConstraint(key, [f"rooms.{each}" for each in key])

    table = Table("stays", metadata, *columns, foreign, *items)

    assert (unindexed_foreign_keys(table) == []) == is_indexed
