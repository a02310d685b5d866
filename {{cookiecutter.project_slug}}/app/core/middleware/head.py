"""HEAD, which every address answers that answers GET (RFC 9110 9.3.2)."""

from collections.abc import Callable, Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadMiddleware:
    """Answer HEAD as GET would be answered, by the same route with its guard and limits, and leave out the content.

    `methods_of` gives the methods of the address; one with a HEAD of its own keeps it. An answer in pieces ends with the first,
    so that a stream without an end is not written for nobody.
    """

    def __init__(self, app: ASGIApp, *, methods_of: Callable[[Scope], Collection[str]]) -> None:
        self.app = app
        self.methods_of = methods_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one HTTP request; other kinds of connection pass through."""
        if scope.get("method") != "HEAD" or "HEAD" in self.methods_of(scope):
            await self.app(scope, receive, send)
            return
        ended = False

        async def send_without_content(message: Message) -> None:
            nonlocal ended
            if message["type"] == "http.response.body":
                if ended:
                    return
                ended = True  # the server informs a streaming response that its client is gone
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)

        asked = {**scope, "method": "GET"}
        try:
            await self.app(asked, receive, send_without_content)
        finally:
            scope.update(asked, method="HEAD")  # what the routing has found is for the access line
