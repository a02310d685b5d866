"""Public answers that browsers and proxies may keep, and ask about again (RFC 9110 8.8.3 and 13.1.2)."""

import re
from hashlib import sha256
from typing import Final

from fastapi import Request, Response

_TAG: Final = re.compile(r'(?:W/)?("[^"]*")')


def public_answer(request: Request, body: bytes, *, seconds: int, vary: str = "") -> Response:
    """JSON that is the same for everybody, good for `seconds`; 304 without a body where the client has it already.

    `vary` names the request headers that it depends on, as `Accept-Language`. Never for what depends on the caller.
    """
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": f"public, max-age={seconds}"} | ({"Vary": vary} if vary else {})
    asked = ",".join(request.headers.getlist("if-none-match"))
    if asked.strip() == "*" or tag in _TAG.findall(asked):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)
