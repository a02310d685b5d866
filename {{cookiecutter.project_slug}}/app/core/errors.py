"""The errors that the service raises on purpose.

A service raises the error that says what is wrong in the terms of the business; `app.api.errors` turns it into a
problem document. The tree:

    AppError                       500
    ├── NotAuthenticated           401
    ├── Forbidden                  403
    ├── NotFound                   404
    ├── Conflict                   409
    ├── TooManyRequests            429
    └── Unavailable                503

`code` is a stable word for programs, `detail` a sentence for people.
"""

from collections.abc import Mapping
from typing import ClassVar


class AppError(Exception):
    """Base of the errors with a stable code and an HTTP status."""

    status: ClassVar[int] = 500
    code: str = "internal_error"
    detail: str = "Something went wrong on our side."

    def __init__(self, detail: str | None = None, *, code: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(detail or self.detail)
        self.detail = detail or self.detail
        self.code = code or self.code
        self.retry_after = retry_after

    @property
    def headers(self) -> Mapping[str, str]:
        """Response headers that belong to the error; `Retry-After` is in whole seconds, at least 1 (RFC 9110 10.2.3)."""
        return {} if self.retry_after is None else {"Retry-After": str(max(1, round(self.retry_after + 0.499)))}


class NotAuthenticated(AppError):
    """Missing or wrong credentials. `reason` is for the log only."""

    status = 401
    code = "not_authenticated"
    detail = "Sign in to use this."

    def __init__(self, reason: str, *, challenge: str) -> None:
        super().__init__()
        self.reason = reason
        self.challenge = challenge

    @property
    def headers(self) -> Mapping[str, str]:
        """`WWW-Authenticate`, which a 401 must carry (RFC 9110 15.5.2)."""
        return {"WWW-Authenticate": self.challenge}


class Forbidden(AppError):
    """The caller is known, but may not do this."""

    status = 403
    code = "forbidden"
    detail = "You may not do this."


class NotFound(AppError):
    """The object does not exist, or belongs to somebody else."""

    status = 404
    code = "not_found"
    detail = "There is nothing here."


class Conflict(AppError):
    """The request contradicts what is stored."""

    status = 409
    code = "conflict"
    detail = "This contradicts what is stored."


class TooManyRequests(AppError):
    """A rate limit is used up."""

    status = 429
    code = "too_many_requests"
    detail = "Too many requests. Try again later."


class Unavailable(AppError):
    """Something that the service depends on does not answer; trying again later can help. `reason` is for operators only."""

    status = 503
    code = "unavailable"
    detail = "The service is not available right now. Try again in a moment."

    def __init__(self, detail: str | None = None, *, retry_after: float | None = None, reason: str = "") -> None:
        super().__init__(detail, retry_after=retry_after)
        self.reason = reason
