"""The last resort for errors that nobody expected."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import AppError, Unavailable
from app.core.logging import get_logger
from app.core.problems import problem

log = get_logger(__name__)


class ServerErrorsMiddleware:
    """Answer an unexpected error with a 500 that says nothing about it, and log it with its traceback.

    It stands inside the middleware that adds CORS, security headers and the request id. The framework's own handler stands outside of them,
    so that browsers could not even read its 500. A request that outlasts the patience of a shutdown is answered 503.
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
        except asyncio.CancelledError:
            if not started:
                await _answer(Unavailable(retry_after=1), scope, receive, send)
            raise
        except Exception:
            if started:  # too late for another answer: the server cuts the connection, and logs
                raise
            log.exception("unexpected error")
            await _answer(AppError(), scope, receive, send)


async def _answer(error: AppError, scope: Scope, receive: Receive, send: Send) -> None:
    response = problem(scope, status=error.status, code=error.code, detail=error.detail, headers=error.headers)
    await response(scope, receive, send)
