"""Origins: who a web page or an app in a web view belongs to, as its browser says it (RFC 6454 6.2)."""

import re
from ipaddress import IPv4Address, IPv6Address

_MAX_PORT = 65_535
_DEFAULT_PORTS = {"http": 80, "https": 443}
_WEB = re.compile(r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?)(?::([0-9]{1,5}))?/?")
# Apps and extensions have schemes of their own: capacitor://localhost, tauri://localhost, chrome-extension://<id>. Their case is theirs.
_APP = re.compile(
    r"(?!(?:https?|wss?|file|data|blob|ftp|javascript):)[a-z][a-z0-9+.-]*://[A-Za-z0-9_.-]+(?::[0-9]{1,5})?"
)
_HINTS = {
    "*": "any page could call; list each one",
    "null": "browsers send null for every page without an origin of its own",
    "file": "browsers send null for files",
    "ws": "a WebSocket has the origin of its page",
    "wss": "a WebSocket has the origin of its page",
}


def parse_origin(text: str) -> str:
    """The origin as browsers write it: lower case, no default port, nothing behind it.

    Raises:
        ValueError: a text that no `Origin` header would ever equal, with what is accepted instead.
    """
    if _APP.fullmatch(text.removesuffix("/")):
        return text.removesuffix("/")
    match = _WEB.fullmatch(text.lower())
    if match is None:
        hint = _HINTS.get(text.partition(":")[0].lower())
        raise ValueError(
            f"needs exact origins such as https://app.example.com, not {text}" + (f": {hint}" if hint else "")
        )
    scheme, host, port = match[1], match[2], int(match[3] or 0)
    if port > _MAX_PORT or (match[3] and not port):
        raise ValueError(f"needs a port from 1 to {_MAX_PORT}, not {text}")
    if host.startswith("["):
        host = f"[{IPv6Address(host[1:-1]).compressed}]"
    elif host.rpartition(".")[2].isdigit():  # as browsers do, which take 127.1 for an address and write it out
        host = str(IPv4Address(host))
    return f"{scheme}://{host}" + ("" if port in {0, _DEFAULT_PORTS[scheme]} else f":{port}")
