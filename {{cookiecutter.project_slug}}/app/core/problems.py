"""Error documents (RFC 9457): one shape for every error, wherever it is raised."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import Scope

MEDIA_TYPE = "application/problem+json"
# RFC 9110 renamed these; Python follows from 3.13 on.
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}


def title_of(status: int) -> str:
    """The name of a status (RFC 9110 15)."""
    return _TITLES.get(status) or HTTPStatus(status).phrase


def problem(
    scope: Scope,
    *,
    status: int,
    code: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Mapping[str, str]] = (),
    checks: Mapping[str, str] | None = None,
) -> Response:
    """The response for an error, as `app.schemas.problems` describes it; a wrong value itself is never repeated."""
    document: dict[str, object] = {
        "type": "about:blank",
        "title": title_of(status),
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": scope.get("state", {}).get("request_id"),
    }
    if errors:
        document["errors"] = list(errors)
    if checks:
        document["checks"] = dict(checks)
    return Response(json.dumps(document), status_code=status, headers=dict(headers or {}), media_type=MEDIA_TYPE)
