"""The caller's own profile.

Written from contracts/openapi.yaml by `just generate`: change the contract, not this file.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import MISSING, AwareDatetime, Field

from app.schemas.base import Input, Output


class UserRead(Output):
    id: UUID
    display_name: str
    locale: Literal["en", "fr"]
    created_at: AwareDatetime
    updated_at: AwareDatetime


class UserUpdate(Input):
    """What a person may change; what is left out stays. Null is refused."""

    display_name: Annotated[
        str | MISSING,
        Field(max_length=200, min_length=1, pattern="^[^\\x00-\\x1f\\x7f]*[^\\x00-\\x1f\\x7f\\s][^\\x00-\\x1f\\x7f]*$"),
    ] = MISSING
    locale: Literal["en", "fr"] | MISSING = MISSING
