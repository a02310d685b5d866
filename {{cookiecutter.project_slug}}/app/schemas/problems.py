"""Error documents (RFC 9457), the one shape of every error."""

from pydantic import Field

from app.schemas.base import Output


class FieldProblem(Output):
    """What is wrong with one value of the request. The value itself is never repeated."""

    location: str = Field(description="body, query, path or header")
    pointer: str = Field(description="JSON Pointer (RFC 6901) to the value")
    code: str = Field(description="stable word for programs")
    detail: str = Field(description="sentence for people")


class Problem(Output):
    """An error. `code` is stable; `detail` may change."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    request_id: str | None = None
    errors: list[FieldProblem] | None = None
    checks: dict[str, str] | None = None
