"""What the image of a service costs where CPU is scarce: `uv run python -m benchmarks.image`, as root on Linux; no Docker is needed.

The steps of its Dockerfile are run in another root (tests/dockerfile.py), and its commands in a cgroup with a quota, as `docker run --cpus` sets one. The
health check is asked as Docker would, at the intervals of HEALTHCHECK, inside the quota. The base is a stand-in: its size is not that of the real one.
"""

from __future__ import annotations

import resource
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from statistics import median
from typing import Final

import click

from tests.dockerfile import VERSION, Container, built, why_not_here
from tests.project import Project, bake_into, require_success
from tests.quota import Quota, quota, why_no_quota
from tests.variants import REPOSITORY
from tools.lock import uv

SETTINGS: Final = {
    "SECRET_KEY": "visibly-fake-N7rV1qWcX0bZpK4mHs8tYe3uGd6jLa9f",
    "ACCESS_TOKEN_KEYS": "a:visibly-fake-N7rV1qWcX0bZpK4mHs8tYe3uGd6jLa9f",
    "DATABASE_URL": "postgresql://nobody:visibly-fake@127.0.0.1:9/nothing",  # liveness and the start ask no database
}
GIVE_UP_SECONDS: Final = 300
# Work that neither the service nor what the image has compiled can change: how fast this machine is at the moment.
WORK: Final = "import sys; text = open(sys.argv[1]).read(); [compile(text, 'x', 'exec') for _ in range(40)]"


@click.command()
@click.option(
    "--service",
    type=click.Path(exists=True, path_type=Path),
    help="A baked service with its lock; one is baked otherwise.",
)
@click.option(
    "--cpus", type=float, multiple=True, default=(0.1, 0.25), show_default=True, help="Quota, besides none at all."
)
@click.option(
    "--runs", type=click.IntRange(1), default=3, show_default=True, help="Starts and probes; medians are reported."
)
def image(service: Path | None, cpus: tuple[float, ...], runs: int) -> None:
    """Measure the image: what it holds, what a probe costs, and how long a start takes on a share of a CPU."""
    if reason := why_not_here() or why_no_quota():
        raise click.ClickException(reason)
    with tempfile.TemporaryDirectory() as folder:
        project = Project(service.resolve()) if service else _baked(Path(folder))
        made = built(project.root, Path(folder) / "build")
        for path in ("/opt/venv", "/srv", "/usr/local"):
            click.echo(f"{path:11} {_megabytes(made.path(path)):6.1f} MB")
        with made.entered() as container:
            _report_probe(container, runs)
            for share in (*cpus, None):
                _report_starts(container, share, runs)


def _baked(folder: Path) -> Project:
    project = bake_into(folder, REPOSITORY, {"auth": "jwt", "docker": True, "python_version": VERSION})
    require_success("" if (locked := project.run(uv(), "lock")).returncode == 0 else locked.stdout)
    return project


def _megabytes(folder: Path) -> float:
    """As a layer of an image counts them: bytes of files, a hard link once."""
    sizes = {(status := path.lstat()).st_ino: status.st_size for path in folder.rglob("*") if not path.is_dir()}
    return sum(sizes.values()) / 1e6


def _report_probe(container: Container, runs: int) -> None:
    costs = [cpu_of_probe(container) for _ in range(runs)]
    click.echo(f"a probe     {median(costs) * 1000:6.0f} ms of CPU, {memory_of_probe(container):.1f} MB of memory")


def cpu_of_probe(container: Container) -> float:
    """Seconds of CPU of one health check, less what entering the container takes."""
    with quota(None) as group:
        nothing = _cpu_of(container, ["true"], group)
        return _cpu_of(container, container.image.healthcheck, group) - nothing


def cpu_of_fixed_work(container: Container) -> float:
    """Seconds of CPU that Python in the image takes to compile one module of the standard library forty times, without any other module."""
    with quota(None) as group:
        nothing = _cpu_of(container, ["python", "-ISc", ""], group)
        return (
            _cpu_of(container, ["python", "-ISc", WORK, f"/usr/local/lib/python{VERSION}/typing.py"], group) - nothing
        )


def _cpu_of(container: Container, command: list[str], group: Quota) -> float:
    before = group.cpu_seconds()
    argv = group.entering(container.argv(command, {**SETTINGS, "PORT": "9"}))
    subprocess.run(argv, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - ours
    return group.cpu_seconds() - before


def memory_of_probe(container: Container) -> float:
    """MB, the most that it has had when it waits for an answer; a limit counts the interpreter's own pages too."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        argv = container.argv(container.image.healthcheck, {**SETTINGS, "PORT": str(silent.getsockname()[1])})
        with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as probe:  # noqa: S603 - ours
            connection, _ = silent.accept()
            connection.recv(1000)
            status = Path(f"/proc/{probe.pid}/status").read_text(encoding="utf-8")
            connection.close()
    (peak,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak) * 1024 / 1e6


def _report_starts(container: Container, cpus: float | None, runs: int) -> None:
    starts = [start(container, cpus) for _ in range(runs)]
    healthy = [healthy_after(container, cpus)[0] for _ in range(runs)]
    answers_after, cpu, stops_within = (median(column) for column in zip(*starts, strict=True))
    click.echo(
        f"{f'{cpus} CPU' if cpus else 'all CPUs':11} answers after {answers_after:5.1f} s and {cpu:.2f} s of CPU,"
        f" is healthy after {median(healthy):5.1f} s, stops within {stops_within:.1f} s"
    )


def start(container: Container, cpus: float | None) -> tuple[float, float, float]:
    """Seconds to the first answer, of CPU up to it, and from SIGTERM to the end."""
    port = _free_port()
    with quota(cpus) as group, _running(container, port, group) as service:
        started = time.monotonic()
        while not _answers(port):
            _give_up(started, service)
            time.sleep(0.005)
        answers_after, cpu = time.monotonic() - started, group.cpu_seconds()
        service.send_signal(signal.SIGTERM)
        signalled = time.monotonic()
        service.wait()
        return answers_after, cpu, time.monotonic() - signalled


def healthy_after(container: Container, cpus: float | None) -> tuple[float, float]:
    """Seconds until Docker would call it healthy, and of CPU that the service had by then without its probes.

    Docker asks after each interval, and kills a probe that takes too long.
    """
    port, intervals = _free_port(), container.image.intervals
    with quota(cpus) as group, _running(container, port, group) as service:
        started, of_others, healthy = time.monotonic(), _cpu_of_ended_children(), False
        while not healthy:
            _give_up(started, service)
            starting = time.monotonic() - started < intervals["start-period"]
            time.sleep(intervals["start-interval" if starting else "interval"])
            healthy = _is_healthy(container, port, group, intervals["timeout"])
        return time.monotonic() - started, group.cpu_seconds() - (_cpu_of_ended_children() - of_others)


def _cpu_of_ended_children() -> float:
    """Seconds; a probe has ended when it is counted, the service has not."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _is_healthy(container: Container, port: int, group: Quota, timeout: float) -> bool:
    argv = group.entering(container.argv(container.image.healthcheck, {**SETTINGS, "PORT": str(port)}))
    try:
        return subprocess.run(argv, check=False, capture_output=True, timeout=timeout).returncode == 0  # noqa: S603 - ours
    except subprocess.TimeoutExpired:
        return False


@contextmanager
def _running(container: Container, port: int, group: Quota) -> Iterator[subprocess.Popen[bytes]]:
    argv = group.entering(container.argv(container.image.command, {**SETTINGS, "PORT": str(port)}))
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as service:  # noqa: S603 - ours
        try:
            yield service
        finally:
            service.kill()


def _give_up(started: float, service: subprocess.Popen[bytes]) -> None:
    if time.monotonic() - started > GIVE_UP_SECONDS or service.poll() is not None:
        raise click.ClickException("the service does not become healthy")


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port: int = unused.getsockname()[1]
    return port


if __name__ == "__main__":
    image()
