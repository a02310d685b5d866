"""Helpers to look at processes from outside."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

# The service of the template, which runs as it stands.
SERVICE = Path(__file__).resolve().parents[2] / "{{cookiecutter.project_slug}}"


def eventually(holds: Callable[[], bool], *, within: float = 10) -> bool:
    """Whether something comes true before the time is over."""
    deadline = time.monotonic() + within
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def processes_with(text: object) -> list[str]:
    """Command lines of the living processes that carry a text; ours excepted."""
    found = []
    for process in psutil.process_iter():
        try:
            command = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if str(text) in command and process.pid != psutil.Process().pid:
            found.append(command)
    return found


def listens(port: int) -> bool:
    """Whether a server takes connections on a port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def start_python(
    script: str, *arguments: object, environment: Mapping[str, str] | None = None
) -> "subprocess.Popen[str]":
    """A Python process, its output in a pipe."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)  # noqa: S603 - a test's own script


def start_devkit(*arguments: object, environment: Mapping[str, str] | None = None) -> "subprocess.Popen[str]":
    """A command of devkit, its output in a pipe."""
    command = [sys.executable, "-m", "service_devkit", *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own command


def read_line(process: "subprocess.Popen[str]") -> str:
    """The next line that a process prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def kill(process: "subprocess.Popen[str]") -> None:
    """`kill -9`, and wait for it."""
    process.kill()
    process.communicate()
