"""Error documents (RFC 9457): one shape for every error, wherever it is raised."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import Scope

from app.core.i18n import Text, gettext as _
from app.core.languages import language_of

MEDIA_TYPE = "application/problem+json"
# Names of statuses (RFC 9110 15), which translators find here; another status has an English title.
_TITLES = {
    400: _("Bad Request"),
    401: _("Unauthorized"),
    403: _("Forbidden"),
    404: _("Not Found"),
    405: _("Method Not Allowed"),
    409: _("Conflict"),
    413: _("Content Too Large"),
    415: _("Unsupported Media Type"),
    422: _("Unprocessable Content"),
    429: _("Too Many Requests"),
    500: _("Internal Server Error"),
    503: _("Service Unavailable"),
}


def title_of(status: int) -> Text:
    """The name of a status."""
    return _TITLES.get(status) or Text(HTTPStatus(status).phrase)


def problem(
    scope: Scope,
    *,
    status: int,
    code: str,
    detail: Text,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Mapping[str, str]] = (),
    checks: Mapping[str, str] | None = None,
) -> Response:
    """The response for an error, as `app.schemas.problems` describes it, in the caller's language; a wrong value itself is never repeated."""
    language, state = language_of(scope), scope.get("state", {})
    document: dict[str, object] = {
        "type": "about:blank",
        "title": title_of(status).into(language),
        "status": status,
        "code": code,
        "detail": detail.into(language),
        "request_id": state.get("request_id"),
    }
    if "trace_id" in state:  # of a service that traces
        document["trace_id"] = state["trace_id"]
    if errors:
        document["errors"] = list(errors)
    if checks:
        document["checks"] = dict(checks)
    response = Response(json.dumps(document), status_code=status, headers=dict(headers or {}), media_type=MEDIA_TYPE)
    response.headers["Content-Language"] = language
    response.headers.add_vary_header("Accept-Language")
    return response
