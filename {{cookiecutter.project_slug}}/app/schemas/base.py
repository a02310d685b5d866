"""What all bodies share: what may stand in them, and the kinds of text."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic.config import JsonDict

# PostgreSQL cannot store NUL; the other control characters have no business in a line. Both patterns are valid ECMA-262,
# so the contract can repeat them.
LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x1f\x7f\s][^\x00-\x1f\x7f]*$"
TEXT = r"^[^\x00]*$"

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=LINE)]
OptionalLine = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=10_000, pattern=TEXT)]


def leave_out_default(schema: JsonDict) -> None:
    """`json_schema_extra` of a field that may be left out: its default is never used, so it is not documented."""
    schema.pop("default", None)


class Input(BaseModel):
    """Base of what callers send: fields that are not known are refused, so that a typing error is not lost."""

    model_config = ConfigDict(extra="forbid")


class Output(BaseModel):
    """Base of what callers get, read from rows and objects alike."""

    model_config = ConfigDict(from_attributes=True)
