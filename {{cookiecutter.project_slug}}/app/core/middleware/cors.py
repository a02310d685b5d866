"""Which web pages may call."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.core.i18n import Text
from app.core.problems import problem


class ProblemCorsMiddleware(CORSMiddleware):
    """Starlette's, with the refusal of a preflight request as an error document instead of plain text."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the question of a browser whether it may send a request, or add to the answer who may read it."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        if scope.get("method") != "OPTIONS" or not {"origin", "access-control-request-method"} <= {*headers}:
            await super().__call__(scope, receive, send)
            return
        response = self.preflight_response(headers)
        if response.status_code >= 400:  # noqa: PLR2004 - where errors begin
            response = _refusal(scope, response)
        await response(scope, receive, send)


def _refusal(scope: Scope, response: Response) -> Response:
    detail = Text(f"{bytes(response.body).decode()}.")  # English: no browser shows it
    kept = {"vary", "access-control-allow-origin"}
    headers = {name: value for name, value in response.headers.items() if name.lower() in kept}
    return problem(scope, status=response.status_code, code="cors_refused", detail=detail, headers=headers)
