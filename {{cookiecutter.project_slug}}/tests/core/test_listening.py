"""What the server listens on, and what is said where it cannot."""

import socket
from contextlib import ExitStack

import pytest

from app.core.listening import listen, url_of
from app.core.settings import ConfigurationError


@pytest.mark.parametrize(
    ("host", "taken", "refused"),
    [
        ("::", ["127.0.0.1", "::1"], []),
        ("0.0.0.0", ["127.0.0.1"], ["::1"]),  # noqa: S104 - what is tested
        ("127.0.0.1", ["127.0.0.1"], ["::1"]),
        ("::1", ["::1"], ["127.0.0.1"]),
        ("localhost", ["127.0.0.1"], []),
    ],
)
def test_server_listens_where_it_is_told(host: str, taken: list[str], refused: list[str]) -> None:
    with ExitStack() as stack:
        sockets = [stack.enter_context(one) for one in listen(host, 0)]
        port = sockets[0].getsockname()[1]

        for address in taken:
            socket.create_connection((address, port), timeout=5).close()
        for address in refused:
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((address, port), timeout=5)


@pytest.mark.parametrize("host", ["x86_64-conda-linux-gnu", "192.0.2.1", "1.2.3.4.5", "two words", "x" * 70])
def test_host_that_is_no_address_of_ours_is_told_with_the_remedy(host: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^HOST: .*conda.*unset HOST.*--host"):
        listen(host, 0)


def test_port_in_use_is_told_with_the_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        for host in ("127.0.0.1", "0.0.0.0", "::"):  # noqa: S104 - what is tested
            with pytest.raises(ConfigurationError, match=rf"^PORT: {port} of {host} is in use.*--port"):
                listen(host, port)


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:80"), ("::", "http://[::]:80"), ("a.example", "http://a.example:80")],
)
def test_address_is_printed_as_browsers_read_it(host: str, url: str) -> None:
    assert url_of(host, 80) == url
