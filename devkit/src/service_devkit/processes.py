"""Child processes that never outlive this one."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Final

_GUARD: Final = Path(__file__).with_name("guard.py")


class Guarded:
    """A command that ends when this process does, even by `kill -9`: a guard between the two waits for the end of a pipe.

    Call one of `end`, `abort`, `release` or `detach` when done with it. `remove` names a folder that is deleted after the end of the command;
    `users` a file: the command then lives on until nobody holds a shared lock on it.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        end_signal: signal.Signals = signal.SIGTERM,
        patience: float = 10,
        users: Path | None = None,
        remove: Path | None = None,
        output: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        options = [f"--end-signal={int(end_signal)}", f"--patience={patience}"]
        options += [f"--users={users}"] if users else []
        options += [f"--remove={remove}"] if remove else []
        self._status: int | None = None
        self._start([*options, "--", *command], output, environment)

    def _start(self, arguments: Sequence[str], output: Path | None, environment: Mapping[str, str] | None) -> None:
        lifeline, self._lifeline = os.pipe()
        self._report, report = os.pipe()
        command = [sys.executable, "-I", str(_GUARD), str(lifeline), str(report), *arguments]
        try:
            self._process = _open(command, (lifeline, report), output, environment)
        finally:
            os.close(lifeline)
            os.close(report)

    def poll(self) -> int | None:
        """Exit status of the command, negative for a signal; None while it runs."""
        if self._status is None and select.select([self._report], [], [], 0)[0]:
            return self.wait()
        return self._status

    def wait(self) -> int:
        """Wait for the end of the command and return its exit status, negative for a signal."""
        if self._status is None:
            self._status = int(os.read(self._report, 16) or -signal.SIGKILL)  # no report: the guard itself was killed
        return self._status

    def terminate(self) -> None:
        """Ask the command to end."""
        self._process.terminate()

    def end(self) -> None:
        """End the command if it runs, delete what is to be removed, and wait for both."""
        self.detach()
        self._process.wait()

    def abort(self) -> None:
        """End the command even if others use it, and delete nothing."""
        os.write(self._lifeline, b"e")
        self.end()

    def release(self) -> None:
        """Dismiss the guard: the command and the folder stay as they are."""
        os.write(self._lifeline, b"k")
        self.end()

    def detach(self) -> None:
        """Leave the end to the guard, and do not wait for it."""
        os.close(self._lifeline)
        os.close(self._report)

    def hand_over(self) -> None:
        """Let the program that replaces this one (`os.exec*`) be the owner."""
        os.set_inheritable(self._lifeline, True)


def run_in_foreground(command: Sequence[str], *, environment: Mapping[str, str], patience: float = 10) -> int:
    """Run a command to its end, or to ours, and return its exit status as a shell would.

    Ctrl-C and SIGTERM ask the command to end; this function still waits for it.
    """
    guarded = Guarded(command, environment=environment, patience=patience)

    def forward(_number: int, _frame: FrameType | None) -> None:
        guarded.terminate()

    previous = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        status = guarded.wait()
    finally:
        guarded.end()
        for number, handler in previous.items():
            signal.signal(number, handler)
    return status if status >= 0 else 128 - status


def _open(
    command: Sequence[str], pipes: tuple[int, int], output: Path | None, environment: Mapping[str, str] | None
) -> "subprocess.Popen[bytes]":
    """With an output file, away from the terminal and its Ctrl-C; else in front of it, so that a debugger can ask there."""
    if output is None:
        return subprocess.Popen(command, pass_fds=pipes, env=environment)  # noqa: S603 - our own guard
    with output.open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - as above
            command,
            pass_fds=pipes,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
