"""The last resort for errors that nobody expected."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import AppError
from app.core.logging import get_logger
from app.core.problems import problem

log = get_logger(__name__)


class ServerErrorsMiddleware:
    """Answer an unexpected error with a 500 that says nothing about it, and log it with its traceback.

    It stands inside the middleware that adds CORS, security headers and the request id. The framework's own handler stands outside of them,
    so that browsers could not even read its 500.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one HTTP request; other kinds of connection pass through."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def send_and_note(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        except Exception:
            if started:  # too late for another answer: the server cuts the connection, and logs
                raise
            log.exception("unexpected error")
            response = problem(scope, status=AppError.status, code=AppError.code, detail=AppError.detail)
            await response(scope, receive, send)
