"""The caller's own profile."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from app.schemas.base import Input, Line, Output, leave_out_default

Locale = Literal["en", "fr"]


class UserRead(Output):
    """A person, as shown to that person."""

    id: UUID
    display_name: str
    locale: Locale
    created_at: datetime
    updated_at: datetime


class UserUpdate(Input):
    """What a person may change; what is left out stays. Null is refused."""

    display_name: Line = Field(default="", json_schema_extra=leave_out_default)
    locale: Locale = Field(default="en", json_schema_extra=leave_out_default)
