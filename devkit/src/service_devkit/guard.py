"""Runs one command and ends it when the owner is gone, however the owner ended.

    python guard.py LIFELINE REPORT [options] -- COMMAND...

LIFELINE and REPORT are inherited file descriptors. The owner holds the other end of LIFELINE, a pipe, and `service_devkit.processes.Guarded` is
the owner's side. What the guard reads there:

    end of file    the owner has ended or was killed: end the command, delete what is to be removed
    "e"            end the command at once, delete nothing
    "k"            keep the command and the folder as they are

The exit status of the command is written to REPORT.
"""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import threading
from types import FrameType


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("lifeline", type=int)
    parser.add_argument("report", type=int)
    parser.add_argument("--end-signal", type=int, default=signal.SIGTERM)
    parser.add_argument("--patience", type=float, default=10)
    parser.add_argument("--users", help="file that other users of the command hold a shared lock on")
    parser.add_argument("--remove", help="folder that goes when the owner goes")
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


def _handle_signals(child: "subprocess.Popen[bytes]") -> None:
    """Forward SIGTERM. What a terminal sends, it sends to the child too, and a second Ctrl-C would cut its shutdown short."""

    def forward(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    signal.signal(signal.SIGTERM, forward)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # not SIG_IGN: the child would inherit that


def _report_end(child: "subprocess.Popen[bytes]", report: int) -> None:
    status = child.wait()
    with contextlib.suppress(BrokenPipeError):
        os.write(report, str(status).encode())
    os.close(report)


def _wait_for_users(users: int) -> None:
    """Return when nobody else uses the command. The lock stays until this process ends, so that newcomers wait."""
    import fcntl  # noqa: PLC0415 - absent on Windows, where nothing is shared

    fcntl.flock(users, fcntl.LOCK_EX)


def _end(child: "subprocess.Popen[bytes]", end_signal: int, patience: float) -> None:
    """End the command politely, then by force together with all that it started."""
    import psutil  # noqa: PLC0415 - not needed for the life of a guard, only for its end

    try:
        family = psutil.Process(child.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGCONT)  # one that is stopped would not receive the rest
    child.send_signal(signal.SIGCONT)
    child.send_signal(end_signal)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(patience)
    child.kill()
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def main() -> None:
    """Guard one command until its owner is done with it."""
    arguments = _arguments()
    # Opened now: the folder may be renamed meanwhile.
    users = os.open(arguments.users, os.O_RDWR | os.O_CREAT, 0o600) if arguments.users else None
    child = subprocess.Popen(arguments.command)  # noqa: S603 - the owner's command
    _handle_signals(child)
    reporter = threading.Thread(target=_report_end, args=(child, arguments.report), daemon=True)
    reporter.start()
    word = os.read(arguments.lifeline, 1)
    if word == b"k":
        return
    if users is not None and not word:
        _wait_for_users(users)
    _end(child, arguments.end_signal, arguments.patience)
    reporter.join()
    if arguments.remove and not word:
        shutil.rmtree(arguments.remove, ignore_errors=True)


if __name__ == "__main__":
    main()
