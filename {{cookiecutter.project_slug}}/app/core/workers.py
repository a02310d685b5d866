"""Processes that serve: a start that fails ends with one error, and one that dies later is reported and replaced, however many there are."""

import gc
import logging
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Final

import structlog
from uvicorn.config import STARTUP_FAILURE, Config
from uvicorn.server import Server
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from app.core.listening import text_of
from app.core.log_output import server_output
from app.core.logging import configure_logging, get_logger
from app.core.settings import load_settings

log = get_logger(__name__)

_POLL_SECONDS: Final = 0.05
_NOTHING_NEW: Final = "Application startup failed. Exiting."  # after the line with the traceback


class ServerConfig(Config):
    """Uvicorn's, for every process: our log from the first line on, and one error where the application cannot be made."""

    def configure_logging(self) -> None:
        """Called again in each process."""
        super().configure_logging()
        logging.getLogger("uvicorn.error").addFilter(lambda record: record.msg != _NOTHING_NEW)
        if not structlog.is_configured():
            settings = load_settings()
            configure_logging(level=settings.log_level, log_format=settings.log_format, output=server_output())

    def load_app(self) -> object:
        """Import the application.

        Raises:
            SystemExit: it cannot be imported; the log says why.
        """
        gc.disable()  # nothing that is made here is garbage: looking for it takes a seventh of the start
        try:
            return super().load_app()
        except Exception:
            log.exception("the service cannot start")
            sys.exit(STARTUP_FAILURE)
        finally:
            gc.enable()


class AnnouncedServer(Server):
    """Says that it listens when it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then listen."""
        await super().startup(sockets)
        announce(sockets or [])


def announce(sockets: Sequence[socket.socket]) -> None:
    """Log where requests are answered from now on."""
    log.info("listening", addresses=[text_of(sock.getsockname()) for sock in sockets])


class Workers(Multiprocess):
    """Uvicorn's supervisor with another idea of death: it starts one worker, and the others when that one serves.

    A worker that ends before it has served would do so again: the supervisor stops with it, and `failed` is true.
    """

    def __init__(self, config: Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self.failed = False
        self._served: set[int | None] = set()

    def init_processes(self) -> None:
        """Start the first worker, wait for it, and start the others."""
        self.processes.append(self._start())
        while not self._served and not self.should_exit.wait(_POLL_SECONDS):
            self.handle_signals()
            self.keep_subprocess_alive()
        if self._served:
            announce(self.sockets)
            self.processes += [self._start() for _ in range(self.processes_num - 1)]

    def keep_subprocess_alive(self) -> None:
        """Replace the workers that have died or hang."""
        for index, worker in enumerate(self.processes):
            if self.should_exit.is_set() or self.signal_queue:
                return
            if not self._is_healthy(worker):
                self._reap(worker)
                if not self.failed:
                    self.processes[index] = self._start()

    def _start(self) -> Process:
        worker = Process(self.config, self.sockets)
        worker.start()
        return worker

    def _is_healthy(self, worker: Process) -> bool:
        """Whether it lives and, once it has served, answers: a start may take as long as it takes."""
        if not worker.process.is_alive():
            return False
        while worker.parent_conn.poll():  # answers to earlier questions
            worker.parent_conn.recv()
        if worker.pid in self._served:
            return worker.ping(self.config.timeout_worker_healthcheck)
        if worker.is_ready(_POLL_SECONDS):
            self._served.add(worker.pid)
        return True

    def _reap(self, worker: Process) -> None:
        status, served = worker.exitcode, worker.pid in self._served
        worker.kill()
        worker.join()
        if not served and status is not None and status >= 0:
            self.failed = True
            self.should_exit.set()
            if status == STARTUP_FAILURE:  # it has said why
                return
        report = log.error if self.failed else log.warning
        report("worker died", pid=worker.pid, cause=self._cause_of(status), served=served)

    def _cause_of(self, status: int | None) -> str:
        if status is None:
            return f"no answer in {self.config.timeout_worker_healthcheck} seconds"
        return f"exit status {status}" if status >= 0 else signal.Signals(-status).name
