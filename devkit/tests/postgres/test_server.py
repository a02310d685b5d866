"""The port of a server that is about to start."""

import socket
import sys
from collections import deque

import pytest

from service_devkit.postgres import server
from service_devkit.postgres.server import free_port

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a port is only looked at, not reserved")


@on_linux
def test_port_is_nobody_elses_until_its_server_starts() -> None:
    port = free_port()

    with socket.socket() as other, pytest.raises(OSError, match="Address already in use"):
        other.bind(("127.0.0.1", port))


def test_server_can_listen_on_its_port_again_and_again() -> None:
    port = free_port()

    for _ in range(2):
        with socket.create_server(("127.0.0.1", port)) as listener:
            answered = socket.create_connection(listener.getsockname())
            answered.close()

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


@on_linux
def test_reservations_do_not_use_up_the_files_of_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_MOST_RESERVED", 1)
    monkeypatch.setattr(server, "_reserved", deque[int]())

    given_up, _kept = free_port(), free_port()

    with socket.socket() as other:
        other.bind(("127.0.0.1", given_up))


def test_preferred_port_is_taken_only_when_it_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = listener.getsockname()[1]
        assert free_port(taken) != taken

    assert free_port(taken) == taken
