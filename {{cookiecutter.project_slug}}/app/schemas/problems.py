"""Errors, as every operation answers them.

Written from contracts/openapi.yaml by `just generate`: change the contract, not this file.
"""

from typing import Annotated

from pydantic import MISSING, Field

from app.schemas.base import Output


class FieldProblem(Output):
    """What is wrong with one value of the request. The value itself is never repeated."""

    location: Annotated[str, Field(description="body, query, path or header")]
    pointer: Annotated[str, Field(description="JSON Pointer (RFC 6901) to the value")]
    code: Annotated[str, Field(description="stable word for programs")]
    detail: Annotated[str, Field(description="sentence for people")]


class Problem(Output):
    """An error (RFC 9457). `code` is stable; `detail` may change."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    request_id: str | None
    errors: list[FieldProblem] | MISSING = MISSING
    checks: dict[str, str] | MISSING = MISSING
