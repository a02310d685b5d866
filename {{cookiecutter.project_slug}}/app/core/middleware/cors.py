"""Which web pages may call."""

import structlog
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from app.core.problems import problem


class ProblemCorsMiddleware(CORSMiddleware):
    """Starlette's, with the refusal of a preflight request as an error document instead of plain text."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer the question of a browser whether it may send a request."""
        response = super().preflight_response(request_headers)
        if response.status_code < 400:  # noqa: PLR2004 - where errors begin
            return response
        detail = bytes(response.body).decode()
        headers = {
            name: value
            for name, value in response.headers.items()
            if name.lower() in {"vary", "access-control-allow-origin"}
        }
        scope = {"state": structlog.contextvars.get_contextvars()}  # Starlette hands over no scope here
        return problem(scope, status=response.status_code, code="cors_refused", detail=f"{detail}.", headers=headers)
