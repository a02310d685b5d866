"""Pagination by limit and offset."""

from typing import Generic, TypeVar

from pydantic import BaseModel, Field

from app.schemas.base import Output

Item = TypeVar("Item", bound=Output)

MAX_LIMIT = 100
MAX_OFFSET = 1_000_000


class PageQuery(BaseModel):
    """The part of a list that a caller asks for."""

    limit: int = Field(default=20, ge=1, le=MAX_LIMIT, description="How many items to return")
    offset: int = Field(default=0, ge=0, le=MAX_OFFSET, description="How many items to skip")


class Page(Output, Generic[Item]):
    """A part of a list, and how long the whole list is."""

    items: list[Item]
    total: int = Field(ge=0)
    limit: int
    offset: int
