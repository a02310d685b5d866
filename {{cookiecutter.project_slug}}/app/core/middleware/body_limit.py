"""A limit on the size of request bodies.

FastAPI has `max_body_size`, but its 413 is plain text sent from outside of our middleware: no error document, no CORS, no request id.
"""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.problems import problem

STATUS = 413
CODE = "body_too_large"


class BodyLimitMiddleware:
    """Refuse bodies above `max_bytes`: at once where `Content-Length` tells, else while they arrive."""

    def __init__(self, app: ASGIApp, *, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.detail = f"The body may have at most {max_bytes} bytes."

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one HTTP request; other kinds of connection pass through."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > self.max_bytes:
            response = problem(scope, status=STATUS, code=CODE, detail=self.detail, headers={"Connection": "close"})
            await response(scope, receive, send)
            return
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.max_bytes:
                raise HTTPException(STATUS, self.detail)
            return message

        await self.app(scope, receive_within_limit, send)
