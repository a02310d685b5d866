"""Several processes that serve: uvicorn's supervisor, which says why a worker ended and gives up when none can start.

Uvicorn starts all at once, so that each tells the same error; starts a worker that cannot start again for ever; and ends with status 0.
"""

import signal
import sys
from weakref import WeakSet

from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from app.core.logging import get_logger

log = get_logger(__name__)


class Workers(Multiprocess):
    """Keep `config.workers` processes alive until SIGTERM.

    Raises:
        SystemExit: not 0, a worker could not start.
    """

    _failed = False

    def run(self) -> None:
        """Serve until told to stop."""
        self._ready: WeakSet[Process] = WeakSet()
        super().run()
        if self._failed:
            sys.exit(STARTUP_FAILURE)

    def init_processes(self) -> None:
        """The first worker alone: what fails in it would fail in each."""
        self.processes.append(self._start())
        while not self.should_exit.wait(0.02) and not self._ready:
            self.handle_signals()
            self.keep_subprocess_alive()
        if not self.should_exit.is_set():
            self.processes += [self._start() for _ in range(self.processes_num - 1)]

    def keep_subprocess_alive(self) -> None:
        """Replace each worker that has ended; one that could not start ends them all."""
        for index, process in enumerate(self.processes):
            if self.should_exit.is_set() or self._is_well(process):
                continue
            hung = process.process.is_alive()
            process.kill()
            process.join()
            log.warning("worker ended", worker=process.pid, cause=self._cause(process.exitcode or 0, hung=hung))
            if self._cannot_start(process):
                self._failed = True
                self.should_exit.set()
            else:
                self.processes[index] = self._start()

    def _start(self) -> Process:
        process = Process(self.config, self.sockets)
        process.start()
        return process

    def _is_well(self, process: Process) -> bool:
        if process in self._ready:
            return process.is_alive(self.config.timeout_worker_healthcheck)
        # How long a start takes depends on the machine: only its end tells that it failed.
        if process.process.is_alive() and process.is_ready(timeout=0.1):
            self._ready.add(process)
        return process.process.is_alive()

    def _cannot_start(self, process: Process) -> bool:
        """A start that ended by itself would end so again; a signal came from outside, and may not come to the next."""
        return process not in self._ready and (not self._ready or (process.exitcode or 0) >= 0)

    def _cause(self, status: int, *, hung: bool) -> str:
        if hung:
            return f"no sign of life for {self.config.timeout_worker_healthcheck} seconds: killed"
        if status >= 0:
            return f"exit status {status}"
        name = signal.Signals(-status).name
        return f"{name}, perhaps because memory ran out" if name == "SIGKILL" else name
