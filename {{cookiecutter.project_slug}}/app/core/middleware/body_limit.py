"""What no route needs to look at in a request body: its size, and whether it is compressed.

FastAPI has `max_body_size`, but its 413 is plain text sent from outside of our middleware: no error document, no CORS, no request id.
"""

from collections.abc import Mapping
from types import MappingProxyType

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.i18n import gettext as _
from app.core.problems import problem

STATUS = 413
CODE = "body_too_large"
ENCODED = _("Send the body as it is, without Content-Encoding.")


class BodyLimitMiddleware:
    """Refuse bodies above `max_bytes`: at once where `Content-Length` says so, else while they arrive.

    `uploads` are the operations with a limit of their own, as `POST /api/v1/reports`: addresses without parameters.
    A compressed body is refused with 415 (RFC 9110 15.5.16): a limit on its size would say nothing about what comes out of it.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int, uploads: Mapping[str, int] = MappingProxyType({})) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one HTTP request; other kinds of connection pass through."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        operation = f"{scope['method']} {path}"
        max_bytes = self.uploads.get(operation, self.max_bytes)
        headers = Headers(scope=scope)
        announced = headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > max_bytes:
            detail = _("The body may have at most {size} bytes.", size=max_bytes)
            # A client that is still sending a large file would lose the answer with the connection: the server drops what comes.
            ending = {} if operation in self.uploads else {"Connection": "close"}
            response = problem(scope, status=STATUS, code=CODE, detail=detail, headers=ending)
            await response(scope, receive, send)
            return
        if _is_encoded(headers):
            offered = {"Accept-Encoding": "identity", "Connection": "close"}
            response = problem(scope, status=415, code="unsupported_media_type", detail=ENCODED, headers=offered)
            await response(scope, receive, send)
            return
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > max_bytes:
                raise HTTPException(STATUS)
            return message

        await self.app(scope, receive_within_limit, send)


def _is_encoded(headers: Headers) -> bool:
    """Whether there is a body, in another coding than none; `identity` is a name for none."""
    if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
        return False
    codings = ",".join(headers.getlist("content-encoding")).lower().split(",")
    return bool({coding.strip() for coding in codings} - {"", "identity"})
