"""The caller's study plans. Other people's plans do not exist for the caller.

Written from contracts/openapi.yaml by `just generate`: change the contract, not this file.
"""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, AwareDatetime, Field

from app.schemas.base import Input, Output


class StudyPlanSummary(Output):
    """A plan in a list."""

    id: UUID
    title: str
    description: str
    created_at: AwareDatetime
    updated_at: AwareDatetime


class StudyPlanUpdate(Input):
    """What to change on a plan; what is left out stays. Null is refused."""

    title: Annotated[
        str | MISSING,
        Field(max_length=200, min_length=1, pattern="^[^\\x00-\\x1f\\x7f]*[^\\x00-\\x1f\\x7f\\s][^\\x00-\\x1f\\x7f]*$"),
    ] = MISSING
    description: Annotated[str | MISSING, Field(max_length=10000, pattern="^[^\\x00]*$")] = MISSING


class FoundCode(Output):
    """A code in a report, as a plan takes it."""

    code: str
    label: str


class CodeRead(Output):
    """A code on a plan."""

    id: UUID
    code: str
    label: str


class CodeCreate(Input):
    """A code to put on a plan, such as MATH-101."""

    code: Annotated[str, Field(max_length=32, pattern="^[A-Z0-9][A-Z0-9._-]*$")]
    label: Annotated[str, Field(max_length=200, pattern="^[^\\x00-\\x1f\\x7f]*$")] = ""


class StudyPlanPage(Output):
    """Plans, newest first."""

    items: list[StudyPlanSummary]
    total: Annotated[int | None, Field(description="How many plans there are; null where `after` was given.", ge=0)]
    limit: int
    offset: int


class StudyPlanRead(Output):
    """A plan with its codes."""

    id: UUID
    title: str
    description: str
    created_at: AwareDatetime
    updated_at: AwareDatetime
    codes: list[CodeRead]


class StudyPlanCreate(Input):
    """A plan to make, or to put in place of another."""

    title: Annotated[
        str,
        Field(max_length=200, min_length=1, pattern="^[^\\x00-\\x1f\\x7f]*[^\\x00-\\x1f\\x7f\\s][^\\x00-\\x1f\\x7f]*$"),
    ]
    description: Annotated[str, Field(max_length=10000, pattern="^[^\\x00]*$")] = ""
    codes: Annotated[list[CodeCreate], Field(max_length=200, validate_default=True)] = []


class FoundCodes(Output):
    """The codes that a report names, in its order."""

    codes: Annotated[list[FoundCode], Field(max_length=200)]
