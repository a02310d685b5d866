"""Study plans and their codes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.schemas.base import Input, Line, OptionalLine, Output, Text, leave_out_default
from app.schemas.page import Page

MAX_CODES = 200

CourseCode = Annotated[str, StringConstraints(max_length=32, pattern=r"^[A-Z0-9][A-Z0-9._-]*$")]


class CodeCreate(Input):
    """A code to put on a plan, such as MATH-101."""

    code: CourseCode
    label: OptionalLine = ""


class CodeRead(Output):
    """A code on a plan."""

    id: UUID
    code: str
    label: str


Codes = Annotated[list[CodeCreate], Field(max_length=MAX_CODES)]


class StudyPlanCreate(Input):
    """A plan to make, or to put in place of another."""

    title: Line
    description: Text = ""
    codes: Codes = Field(default=[])


class StudyPlanUpdate(Input):
    """What to change on a plan; what is left out stays. Null is refused."""

    title: Line = Field(default="", json_schema_extra=leave_out_default)
    description: Text = Field(default="", json_schema_extra=leave_out_default)


class StudyPlanSummary(Output):
    """A plan in a list."""

    id: UUID
    title: str
    description: str
    created_at: datetime
    updated_at: datetime


class StudyPlanRead(StudyPlanSummary):
    """A plan with its codes."""

    codes: list[CodeRead]


class StudyPlanPage(Page[StudyPlanSummary]):
    """Plans, newest first."""
