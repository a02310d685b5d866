"""The load's process, as seen from the one that measures."""

import json
import subprocess
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import click

from benchmarks import TEMPLATE
from benchmarks.load import Job, Result
from benchmarks.scenarios import Request
from benchmarks.servers import pinned


class Load:
    """The second process. A context manager: it ends with the block.

    With a rate it sends so many requests a second, however long the answers take.
    """

    def __init__(self, rate: float = 0) -> None:
        self._rate = rate

    def __enter__(self) -> Self:
        with pinned(-1):
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.load"],
                cwd=TEMPLATE,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def send(self, port: int, requests: Sequence[Request], *, connections: int, seconds: float) -> Result:
        """Keep the connections busy for some seconds.

        Raises:
            click.ClickException: an answer was not the expected one.
        """
        sent = [(request.expected, request.head_and_body()) for request in requests]
        result = self._do(
            {"port": port, "requests": sent, "connections": connections, "seconds": seconds, "rate": self._rate}
        )
        if result.error:
            raise click.ClickException(f"{requests[0].path}: {result.error}")
        return result

    def _do(self, job: Job) -> Result:
        if self._process.stdin is None or self._process.stdout is None:
            raise TypeError("the process has no pipes")
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise click.ClickException("the load ended before its time")
        return Result(**json.loads(line))
