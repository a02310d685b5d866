"""The addresses that the server listens on: bound once, before anything starts, and alike for any number of workers."""

import errno
import socket
from contextlib import suppress
from ipaddress import ip_address

from app.core.settings import ConfigurationError

_ABSENT = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}  # a name may have an IPv6 address on a machine without IPv6


def listen(host: str, port: int, *, backlog: int = 2048) -> list[socket.socket]:
    """Sockets for every address of `host`; `::` takes IPv4 too.

    Raises:
        ConfigurationError: names the variable, and what helps.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(_not_ours(host, error)) from None
    sockets: list[socket.socket] = []
    failed: OSError | None = None
    for family, address in dict.fromkeys((each[0], each[4]) for each in found):
        try:
            sockets.append(_bound(family, address, backlog))
        except OSError as error:
            failed = error
            if error.errno not in _ABSENT:
                break
    if failed and (not sockets or failed.errno not in _ABSENT):
        for each in sockets:
            each.close()
        raise ConfigurationError(_refused(host, port, failed)) from None
    return sockets


def url_of(host: str, port: int) -> str:
    """How the address is written in a browser (RFC 3986 3.2.2)."""
    with suppress(ValueError):
        host = f"[{host}]" if ip_address(host).version == 6 else host  # noqa: PLR2004 - IPv6
    return f"http://{host}:{port}"


def _bound(family: int, address: tuple[object, ...], backlog: int) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address[0] != "::")
        bound.bind(address)
        bound.listen(backlog)
        bound.set_inheritable(True)
    except OSError:
        bound.close()
        raise
    return bound


def _not_ours(host: str, error: Exception) -> str:
    cause = error.strerror if isinstance(error, OSError) and error.strerror else "no name of a host"
    return (
        f"HOST: {host} is no address to listen on ({cause}). Give an address of this machine, as 127.0.0.1 or ::. "
        "Where you did not set it: conda and some shells set HOST for their own ends; `unset HOST`, or `serve --host 127.0.0.1`."
    )


def _refused(host: str, port: int, error: OSError) -> str:
    if error.errno in _ABSENT:
        return _not_ours(host, error)
    if error.errno == errno.EADDRINUSE:
        return (
            f"PORT: {port} of {host} is in use. Stop what listens there, or give another with PORT or `serve --port`."
        )
    return f"PORT: {port} of {host} cannot be listened on ({error.strerror}). Give another with PORT or `serve --port`."
