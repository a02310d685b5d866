"""Pagination by limit and offset, or from one item on."""

from uuid import UUID

from pydantic import MISSING, Field

from app.schemas.base import Query

MAX_LIMIT = 100
MAX_OFFSET = 1_000_000


class PaginationQuery(Query):
    """The part of a list that a caller asks for."""

    limit: int = Field(default=20, ge=1, le=MAX_LIMIT, description="How many items to return")
    offset: int = Field(default=0, ge=0, le=MAX_OFFSET, description="How many items to skip")


class CursorPaginationQuery(PaginationQuery):
    """The same, or what follows an item: for lists that are long."""

    after: UUID | MISSING = Field(
        default=MISSING, description="The id of an item: what follows it is returned, whatever `offset` says"
    )
