"""The caller's own profile.

Written from contracts/openapi.yaml by `just generate`: change the contract, not this file.
"""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, AwareDatetime, Field

from app.schemas.base import Input, Output


class UserRead(Output):
    id: UUID
    display_name: str
    locale: str
    created_at: AwareDatetime
    updated_at: AwareDatetime


class UserUpdate(Input):
    """What a person may change; what is left out stays. Null is refused."""

    display_name: Annotated[
        str | MISSING,
        Field(max_length=200, min_length=1, pattern="^[^\\x00-\\x1f\\x7f]*[^\\x00-\\x1f\\x7f\\s][^\\x00-\\x1f\\x7f]*$"),
    ] = MISSING
    locale: Annotated[
        str | MISSING,
        Field(
            description="A language tag (BCP 47), such as fr or pt-BR. Errors come in it where Accept-Language says nothing that fits.",
            max_length=35,
            pattern="^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$",
        ),
    ] = MISSING
