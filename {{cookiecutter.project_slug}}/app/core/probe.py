"""`python -I -S app/core/probe.py [--ready]`: ask the running server how it is, by HOST and PORT of the environment.

Supervisors run it every few seconds, on a tenth of a CPU too: a second of imports would be all that the service has. So it brings sockets, and nothing else.
"""

import os
import socket
import sys

# More than the 1.5 seconds that readiness gives the database.
TIMEOUT_SECONDS = 3
# Where a server that listens on every address is reached from its own machine.
_REACHED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not listened on


class NotWell(Exception):
    """The server does not answer, or with something else than 200."""


def ask(host: str, port: int | str, *, ready: bool) -> str:
    """What it answers, when that is good.

    Raises:
        NotWell: it is not.
    """
    path, host = "/readyz" if ready else "/healthz", _REACHED_AT.get(host, host)
    try:
        address = (host.encode(), port)  # for a text Python would load the tables of international names
        with socket.create_connection(address, TIMEOUT_SECONDS) as connection:  # type: ignore[arg-type] # bytes will do
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            line = connection.makefile("rb").readline(200).decode("latin-1").strip()
    except OSError as error:
        raise NotWell(f"{host}:{port} does not answer: {error}") from None
    protocol, _, status = line.partition(" ")
    if not protocol.startswith("HTTP/"):
        raise NotWell(f"{host}:{port} does not answer: {line or 'it has closed the connection'}")
    if status[:3] != "200":
        raise NotWell(f"{path} answers {status[:3]}")
    return f"{path} answers 200"


def main() -> None:
    """Exit status 1 when it is not well."""
    host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT")
    if not port:
        sys.exit("Error: PORT is not set")
    try:
        print(ask(host, port, ready="--ready" in sys.argv[1:]))  # noqa: T201 - a command
    except NotWell as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main()
