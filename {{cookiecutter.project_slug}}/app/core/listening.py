"""The sockets that the server listens on: the same ones however many workers share them."""

import errno
import os
import socket

from app.core.settings import ConfigurationError

Address = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
_HINTS = {
    errno.EADDRINUSE: "PORT: {at} is in use. Stop what listens there, or set another PORT.",
    errno.EACCES: "PORT: {at} needs more rights than this user has. Use a PORT above 1023.",
    errno.EADDRNOTAVAIL: "HOST: this machine has no address {at}. Use 127.0.0.1, 0.0.0.0 or ::.",
}


def bind(host: str, port: int) -> list[socket.socket]:
    """A socket for each address that `host` means; `::` means every address of both protocols.

    IPv4 has a socket of its own there: on a shared one its clients would have other addresses, which no list of proxies and no limit knows.

    Raises:
        ConfigurationError: names the setting, what is wrong with it, and what to do.
    """
    bound: list[socket.socket] = []
    for family, address in _addresses(host, port):
        try:
            bound.append(_bind(family, address))
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL and bound:  # `localhost` where one of the protocols is off
                continue
            hint = _HINTS.get(error.errno or 0, "HOST, PORT: cannot listen on {at}: {reason}.")
            raise ConfigurationError(hint.format(at=text_of(address), reason=error.strerror)) from None
    return bound


def text_of(address: Address) -> str:
    """As it stands in a URL."""
    host, port = address[:2]
    return f"[{host!s}]:{port!s}" if ":" in str(host) else f"{host!s}:{port!s}"


def _addresses(host: str, port: int) -> list[tuple[int, Address]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "no name"
        raise ConfigurationError(
            f"HOST: {host!r} is no address of this machine ({reason}). Use 127.0.0.1, 0.0.0.0 or ::, here or with --host."
            " Where conda has set HOST for its compilers, unset it."
        ) from None
    addresses: list[tuple[int, Address]] = sorted({(int(family), address) for family, _, _, _, address in found})
    if any(address[0] == "::" for _, address in addresses):
        addresses.insert(0, (socket.AF_INET, ("0.0.0.0", port)))  # noqa: S104 - asked for with ::
    return addresses


def _bind(family: int, address: Address) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere the option would let two servers have one port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    sock.set_inheritable(True)
    return sock
