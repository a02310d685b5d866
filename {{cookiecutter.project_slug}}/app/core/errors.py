"""The errors that the service raises on purpose, in the terms of the business; `app.api.errors` turns them into problem documents."""

from collections.abc import Mapping
from typing import ClassVar

from app.core.i18n import Text, gettext as _


class AppError(Exception):
    """Base of the errors: `code` is a stable word for programs, `detail` a sentence for people, in their language, `reason` for operators only.

    `retry_after` is in seconds; the header has whole ones, at least 1 (RFC 9110 10.2.3).
    """

    status: ClassVar[int] = 500
    code: str = "internal_error"
    detail: Text = _("Something went wrong on our side.")
    headers: Mapping[str, str]

    def __init__(
        self, detail: Text | None = None, *, code: str | None = None, reason: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(detail or self.detail)
        self.detail = detail or self.detail
        self.code = code or self.code
        self.reason = reason
        self.headers = {} if retry_after is None else {"Retry-After": str(max(1, round(retry_after + 0.499)))}


class NotAuthenticated(AppError):
    """Missing or wrong credentials. `challenge` is the value of `WWW-Authenticate`, which a 401 must carry (RFC 9110 15.5.2)."""

    status = 401
    code = "not_authenticated"
    detail = _("Sign in to use this.")

    def __init__(self, reason: str, *, challenge: str) -> None:
        super().__init__(reason=reason)
        self.headers = {"WWW-Authenticate": challenge}


class Forbidden(AppError):
    """The caller is known, but may not do this."""

    status = 403
    code = "forbidden"
    detail = _("You may not do this.")


class NotFound(AppError):
    """The object does not exist, or belongs to somebody else."""

    status = 404
    code = "not_found"
    detail = _("There is nothing here.")


class Conflict(AppError):
    """The request contradicts what is stored."""

    status = 409
    code = "conflict"
    detail = _("This contradicts what is stored.")


class TooManyRequests(AppError):
    """A rate limit is used up."""

    status = 429
    code = "too_many_requests"
    detail = _("Too many requests. Try again later.")


class Unavailable(AppError):
    """Something that the service depends on does not answer; trying again later can help."""

    status = 503
    code = "unavailable"
    detail = _("The service is not available right now. Try again in a moment.")
