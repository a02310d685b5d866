"""`python -m dev profile` and `python -m dev flamegraph`."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from service_devkit.fixtures.server import LiveServer, StartServer
from service_devkit.postgres.server import free_port

from dev import profiling
from dev.profiling import process_on, read_profile

RAW = """\
process 7:"python -c a;b";<module> (app/__main__.py:1);serve (app/cli.py:5);query (app/db.py:9) 6
process 7:"python -c a;b";<module> (app/__main__.py:1);serve (app/cli.py:5) 3
process 7:"python";process 8:"python";serve (app/cli.py:5);serve (app/cli.py:5) 1
process 7:"python" 90
"""


@pytest.fixture
def busy_server(live_server: LiveServer, sign_in: Callable[[str], dict[str, str]]) -> Iterator[LiveServer]:
    """A server that somebody keeps asking."""
    stopped = threading.Event()

    def ask() -> None:
        connection = HTTPConnection("127.0.0.1", live_server.port, timeout=10)
        while not stopped.is_set():
            connection.request("GET", "/api/v1/users/me", headers=sign_in("Ada"))
            connection.getresponse().read()
        connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    yield live_server
    stopped.set()
    thread.join()


def _run(command: click.Command, *arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(command, [str(each) for each in arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.live
def test_profile_of_a_busy_service_shows_its_functions(busy_server: LiveServer) -> None:
    status, output, errors = _run(profiling.profile, "--port", busy_server.port, "--seconds", 2)

    assert status == 0, errors
    assert f"Looking at process {busy_server.process.pid} " in errors
    own, with_calls = output.split("most with what it calls")
    assert " samples, 100 a second for each busy thread.\n\n   own  total  most in itself\n" in own
    assert "app/core/middleware/request_context.py" in with_calls


@pytest.mark.live
def test_flamegraph_of_a_busy_service_is_a_picture_of_its_functions(busy_server: LiveServer, tmp_path: Path) -> None:
    picture = tmp_path / "new" / "picture.svg"

    status, output, errors = _run(
        profiling.flamegraph, "--pid", busy_server.process.pid, "--seconds", 2, "--output", picture
    )

    assert (status, output) == (0, f"written: {picture}\n"), errors
    assert "app/core/middleware/request_context.py" in picture.read_text(encoding="utf-8")


@pytest.mark.live
def test_process_of_a_server_with_workers_is_the_one_that_started_them(
    start_server: StartServer, live_database_url: str
) -> None:
    server = start_server(live_database_url, WORKERS="2")

    assert process_on(server.port) == server.process.pid


def test_functions_are_counted_by_themselves_and_with_what_they_call() -> None:
    profile = read_profile(RAW)

    assert profile.samples == 10
    assert profile.table("functions", profile.own).splitlines() == [
        "   own  total  functions",
        " 60.0%  60.0%  query (app/db.py:9)",
        " 40.0% 100.0%  serve (app/cli.py:5)",
    ]
    assert profile.table("functions", profile.total).splitlines()[1:] == [
        " 40.0% 100.0%  serve (app/cli.py:5)",
        "  0.0%  90.0%  <module> (app/__main__.py:1)",
        " 60.0%  60.0%  query (app/db.py:9)",
    ]


def test_table_ends_with_the_25th_function() -> None:
    profile = read_profile("\n".join(f"f{number} (a.py:1) 1" for number in range(30)))

    assert len(profile.table("functions", profile.own).splitlines()) == 26


@pytest.mark.parametrize("command", [profiling.profile, profiling.flamegraph], ids=lambda command: command.name)
def test_nothing_that_listens_is_told_with_what_to_do(command: click.Command, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("PORT", str(port))

    status, _, errors = _run(command)

    assert status == 1
    assert errors.startswith(
        f"Error: No process that you may look at listens on port {port}. Start the service (just dev"
    )


def test_process_that_is_not_there_is_told() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()

    assert _run(profiling.profile, "--pid", ended.pid) == (1, "", f"Error: There is no process {ended.pid}.\n")


def test_process_that_is_not_python_is_told() -> None:
    sleeping = subprocess.Popen(["sleep", "60"])  # noqa: S607 - wherever it is

    status, _, errors = _run(profiling.profile, "--pid", sleeping.pid, "--seconds", 1)

    sleeping.kill()
    sleeping.wait()
    assert status == 1
    assert f"Error: Process {sleeping.pid} cannot be looked into, is it Python? py-spy says: " in errors
    assert "backtrace" not in errors


@pytest.fixture
def py_spy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """`py_spy("exit 1")` puts a script in the place of py-spy; `$OUTPUT` is the file that it is to write."""

    def replace(script: str) -> None:
        spy = tmp_path / "py-spy"
        spy.write_text(f'#!/bin/sh\nOUTPUT=$(echo "$*" | sed "s/.*--output //; s/ .*//")\n{script}\n', encoding="utf-8")
        spy.chmod(0o755)
        monkeypatch.setattr(profiling, "executable", lambda _name: str(spy))

    return replace


def test_lack_of_permission_is_told_with_what_helps(py_spy: Callable[[str], None]) -> None:
    py_spy("echo 'Permission Denied: Try running again with elevated permissions' >&2; exit 1")

    status, _, errors = _run(profiling.profile, "--pid", os.getpid())

    assert status == 1
    assert f"Error: You may not look into process {os.getpid()}. Linux: run this with sudo" in errors


@pytest.mark.parametrize(
    ("command", "script"),
    [
        pytest.param(profiling.profile, "echo 'process 7:\"python\" 90' > $OUTPUT", id="profile"),
        pytest.param(profiling.flamegraph, "echo 'Error: No stack counts found' >&2; exit 1", id="flamegraph"),
    ],
)
def test_process_that_did_nothing_is_told(
    py_spy: Callable[[str], None], tmp_path: Path, command: click.Command, script: str
) -> None:
    py_spy(script)
    arguments = ["--output", tmp_path / "picture.svg"] if command is profiling.flamegraph else []

    status, output, errors = _run(command, "--pid", os.getpid(), *arguments)

    assert (status, output) == (1, "")
    assert errors.splitlines()[-1].startswith("Error: The process did nothing in this time. Send it requests meanwhile")
