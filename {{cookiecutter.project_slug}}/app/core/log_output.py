"""Where a server's log lines go: a descriptor that may be full, closed, or a pipe that nobody reads."""

import atexit
import json
import os
import select
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Condition, Thread
from typing import Protocol

MAX_WAITING = 4_194_304  # characters
DRAIN_SECONDS = 2


class Output(Protocol):
    """What takes log lines."""

    def write(self, text: str, /) -> object:
        """Take one line."""

    def flush(self) -> object:
        """See it written."""


class LogOutput:
    """Take lines without ever failing or waiting: a thread writes them, and they are dropped while `MAX_WAITING` wait for it.

    Lost lines are reported: the cause once on standard error, and the number of lines in the log as soon as it takes lines again.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lines: list[str] = []
        self._size = self._lost = 0
        self._busy = self._cut = self._reported = False
        self._changed = Condition()  # its lock is re-entrant: a signal handler may log too
        Thread(target=self._write_forever, name="log", daemon=True).start()
        atexit.register(self.drain)

    def write(self, text: str, /) -> None:
        """Take one line."""
        with self._changed:
            if self._size + len(text) > MAX_WAITING:
                self._lost += 1
                return
            self._lines.append(text)
            self._size += len(text)
            self._changed.notify_all()

    def flush(self) -> None:
        """Nothing: the thread writes as fast as the descriptor takes it."""

    def drain(self, seconds: float = DRAIN_SECONDS) -> None:
        """Wait until all lines are written, but no longer than that."""
        with self._changed:
            self._changed.wait_for(lambda: not self._lines and not self._busy, seconds)

    def _write_forever(self) -> None:
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._lines)
                lines, self._lines, self._size, self._busy = self._lines, [], 0, True
            for line in lines:
                self._put(line)

    def _put(self, line: str) -> None:
        lost = self._lost
        notice = _line("log lines were lost", level="warning", lines=lost) if lost else ""
        try:
            self._write_all((notice + line).encode(errors="backslashreplace"))
        except OSError as error:
            self._count(1)
            self._report(error.strerror or type(error).__name__)
        else:
            self._count(-lost)
            self._reported = False

    def _write_all(self, data: bytes) -> None:
        data = b"\n" + data if self._cut else data
        while data:
            try:
                written = os.write(self._descriptor, data)
            except BlockingIOError:  # the parent process made it so
                select.select([], [self._descriptor], [])
                continue
            self._cut = not data[:written].endswith(b"\n")
            data = data[written:]

    def _count(self, lost: int) -> None:
        with self._changed:
            self._lost += lost

    def _report(self, cause: str) -> None:
        if self._reported or sys.stderr is None:
            return
        self._reported = True
        with suppress(OSError, ValueError):
            sys.stderr.write(_line("log cannot be written", level="error", cause=cause))
            sys.stderr.flush()


def _line(event: str, **fields: object) -> str:
    """As a line of `app.core.logging`, whose chain ends here."""
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return json.dumps({"event": event, "source": __name__, "timestamp": now, **fields}) + "\n"


def server_output() -> Output:
    """Standard output for a server: as it is where it has no descriptor, nowhere where it was closed at the start."""
    if sys.stdout is None:
        return Path(os.devnull).open("w", encoding="utf-8")
    try:
        return LogOutput(sys.stdout.fileno())
    except (OSError, ValueError):
        return sys.stdout
