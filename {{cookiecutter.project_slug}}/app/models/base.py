"""What all tables share."""

from datetime import datetime
from typing import Final, cast
from uuid import UUID, uuid4

from sqlalchemy import DateTime, MetaData, SQLColumnExpression, Table, Text, func, inspect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# Names that PostgreSQL would invent differ from those in a migration; these do not.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# `mapped_column(info=OVER)`: the row is over when that moment has passed. Where there are jobs, one deletes it a day later.
OVER: Final = {"over": True}


class Base(DeclarativeBase):
    """Base of the models: text without a length, times with a zone, defaults of the server fetched on insert."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {datetime: DateTime(timezone=True), str: Text()}  # noqa: RUF012 - SQLAlchemy declares it so
    __mapper_args__ = {"eager_defaults": True}  # noqa: RUF012 - as above


def table_of(model: type[Base]) -> Table:
    """The table of a model, for statements that make no objects."""
    return cast("Table", model.__table__)


def columns_of(model: type[DeclarativeBase]) -> list[SQLColumnExpression[object]]:
    """What a model maps, for reads that make no objects: rows have the names of its attributes, also where a column is called otherwise."""
    attributes = [(each, getattr(model, each.key)) for each in inspect(model).column_attrs]
    return [found if each.columns[0].key == each.key else found.label(each.key) for each, found in attributes]


class Identified:
    """A random primary key, so that an id reveals nothing about others."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4, sort_order=-1)


class Timestamped:
    """When a row was made and last changed: by the clock, so that rows of one transaction keep their order."""

    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp(), sort_order=90)
    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.clock_timestamp(), onupdate=func.clock_timestamp(), sort_order=91
    )
