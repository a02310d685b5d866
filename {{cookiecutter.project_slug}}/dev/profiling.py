"""`dev profile` and `dev flamegraph`: where the running service spends its time, as py-spy sees it from outside."""

import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click
import psutil

from app.core.settings.http import HttpSettings
from dev.gates import ROOT, executable

FLAMEGRAPH: Final = ROOT / ".dev" / "flamegraph.svg"
TOP: Final = 25
PER_SECOND: Final = 100
_FRAME: Final = re.compile(r".+ \(.+:\d+\)")
_NOT_PERMITTED: Final = re.compile(r"permission denied|not permitted", re.IGNORECASE)
_IDLE: Final = "The process did nothing in this time. Send it requests meanwhile, or look longer: --seconds 60."


@dataclass(frozen=True)
class Profile:
    """How often each function was seen: `own` counts where it was running, `total` also where it waited for what it had called."""

    samples: int = 0
    own: Counter[str] = field(default_factory=Counter)
    total: Counter[str] = field(default_factory=Counter)

    def table(self, title: str, order: Counter[str]) -> str:
        """The functions that come first in an order, with their shares of all samples."""
        lines = [f"{'own':>6} {'total':>6}  {title}"]
        lines += [f"{self._share(self.own[name])} {self._share(self.total[name])}  {name}" for name, _ in _first(order)]
        return "\n".join(lines)

    def _share(self, count: int) -> str:
        return f"{count / self.samples:6.1%}"


def _first(order: Counter[str]) -> list[tuple[str, int]]:
    return sorted(order.items(), key=lambda item: (-item[1], item[0]))[:TOP]


def read_profile(raw: str) -> Profile:
    """Read what py-spy writes: a line for each stack, its functions from the outside in, and how often it was seen."""
    samples, own, total = 0, Counter[str](), Counter[str]()
    for line in raw.splitlines():
        stack, _, count = line.rpartition(" ")
        functions = [each for each in stack.split(";") if _FRAME.fullmatch(each)]  # the rest are names of processes
        if functions:
            samples += int(count)
            own[functions[-1]] += int(count)
            total.update(dict.fromkeys(functions, int(count)))
    return Profile(samples, own, total)


def process_on(port: int) -> int:
    """The process that listens on a port; of several that share it, as workers do, the one that started the others.

    Raises:
        ClickException: there is none.
    """
    listening = {process.pid: process for process in psutil.process_iter() if _listens(process, port)}
    for process in listening.values():
        if process.ppid() not in listening:
            return process.pid
    raise click.ClickException(
        f"No process that you may look at listens on port {port}. Start the service (just dev, or just serve), "
        "or name another: --port, --pid."
    )


def _listens(process: psutil.Process, port: int) -> bool:
    try:
        connections = process.net_connections("tcp")
    except psutil.Error:  # it is somebody else's, or has just ended
        return False
    return any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in connections)


def _record(pid: int, seconds: int, output: Path, *options: str) -> None:
    """Let py-spy look at a process and its children."""
    if not psutil.pid_exists(pid):
        raise click.ClickException(f"There is no process {pid}.")
    click.echo(f"Looking at process {pid} and its children for {seconds} s.", err=True)
    command = [executable("py-spy"), "record", "--pid", str(pid), "--duration", str(seconds), "--subprocesses"]
    command += ["--rate", str(PER_SECOND), "--function", "--output", str(output), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode:
        raise click.ClickException(_reason(done.stderr, pid))


def _reason(complaint: str, pid: int) -> str:
    """What py-spy complains about, in a word that helps."""
    if _NOT_PERMITTED.search(complaint):
        return (
            f"You may not look into process {pid}. Linux: run this with sudo, or once `sudo sysctl kernel.yama.ptrace_scope=0`. "
            "Where capabilities are dropped, it takes SYS_PTRACE. macOS: run this with sudo."
        )
    if "No stack counts found" in complaint:
        return _IDLE
    first = next((line for line in complaint.splitlines() if line.startswith("Error: ")), complaint.strip())
    return f"Process {pid} cannot be looked into, is it Python? py-spy says: {first.removeprefix('Error: ')}"


def _of_a_process(command: Callable[..., None]) -> Callable[..., None]:
    """The options that both commands have."""
    for option in (
        click.option("--seconds", type=click.IntRange(min=1), default=10, show_default=True, help="How long to look."),
        click.option("--port", type=int, help="Port that the service listens on.  [default: PORT of the settings]"),
        click.option("--pid", type=int, help="Process to look at.  [default: the one that listens on the port]"),
    ):
        command = option(command)
    return command


def _chosen(pid: int | None, port: int | None) -> int:
    return pid or process_on(port or HttpSettings().port)


@click.command()
@_of_a_process
def profile(pid: int | None, port: int | None, seconds: int) -> None:
    """Print in which functions the running service spends its time, workers included.

    "own" is time in the function itself, "total" with all that it calls; waiting does not count. Time in C, as in uvloop or pydantic, is the
    caller's own. The service needs nothing for it, and requests: one that does nothing shows nothing.
    """
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw"
        _record(_chosen(pid, port), seconds, raw, "--format", "raw")
        found = read_profile(raw.read_text(encoding="utf-8"))
    if not found.samples:
        raise click.ClickException(_IDLE)
    click.echo(f"{found.samples} samples, {PER_SECOND} a second for each busy thread.\n")
    click.echo(found.table("most in itself", found.own) + "\n")
    click.echo(found.table("most with what it calls", found.total))


@click.command()
@_of_a_process
@click.option(
    "--output", type=click.Path(path_type=Path), default=FLAMEGRAPH, help="File.  [default: .dev/flamegraph.svg]"
)
def flamegraph(pid: int | None, port: int | None, seconds: int, output: Path) -> None:
    """Draw where the running service spends its time, workers included, as an SVG that a browser shows.

    Each bar is a function, as wide as the time in it; what it calls is below it. A click makes a bar as wide as the page.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    _record(_chosen(pid, port), seconds, output, "--format", "flamegraph")
    click.echo(f"written: {output}")
