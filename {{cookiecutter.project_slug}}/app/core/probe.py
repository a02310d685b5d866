"""`python -I -S app/core/probe.py [--ready]`: ask the running server how it is, by HOST and PORT of the environment.

Supervisors run it every few seconds, on a tenth of a CPU too, where a second of imports is all that the service has. So it brings sockets, and nothing else.
"""

import os
import socket
import sys

TIMEOUT_SECONDS = 3  # more than the 1.5 that readiness gives the database
# Where a server that listens on every address is reached from its own machine.
_REACHED_AT = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not listened on


def ask(host: str, port: int | str, *, ready: bool) -> tuple[bool, str]:
    """Whether it answers 200, and what to say about it."""
    path, host = "/readyz" if ready else "/healthz", _REACHED_AT.get(host, host)
    try:
        address = (host.encode(), port)  # for a text Python would load the tables of international names
        with socket.create_connection(address, TIMEOUT_SECONDS) as connection:  # type: ignore[arg-type] # bytes will do
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            line = connection.makefile("rb").readline(200).decode("latin-1").strip()
    except OSError as error:
        return False, f"{host}:{port} does not answer: {error}"
    if not line.startswith("HTTP/1.1 "):
        return False, f"{host}:{port} does not answer: {line or 'it closed the connection'}"
    status = line.split()[1]
    return status == "200", f"{path} answers {status}"


if __name__ == "__main__":
    is_well, answer = ask(os.environ.get("HOST", ""), os.environ.get("PORT", ""), ready="--ready" in sys.argv)
    print(answer)  # noqa: T201 - a command
    sys.exit(not is_well)
