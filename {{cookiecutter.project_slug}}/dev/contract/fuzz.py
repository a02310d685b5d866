"""Runs schemathesis from the contract against the started service on a database of its own, with valid credentials."""

import contextlib
import importlib.util
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

import click

from dev.postgres.server import free_port
from dev.postgres.throwaway import ThrowawayCluster
from dev.service import run_python, service_environment

START_SECONDS: Final = 20


def fuzz(contract: Path, *, examples: int, seed: int | None) -> int:
    """The exit status of a run: 0 when no response and no behaviour is against the contract."""
    with ThrowawayCluster() as cluster, tempfile.TemporaryDirectory() as folder:
        environment = _environment(cluster.url())
        run_python(["-m", "app", "migrate"], environment)
        authorizations = _authorizations(environment)
        with _service(environment, folder) as url:
            return max(
                _schemathesis(contract, url, authorization, examples=examples, seed=seed, folder=folder)
                for authorization in authorizations or [""]
            )


def _environment(database_url: str) -> dict[str, str]:
    return {**service_environment(database_url), "ENVIRONMENT": "development", "LOG_LEVEL": "ERROR"}


def _authorizations(environment: Mapping[str, str]) -> list[str]:
    """One `Authorization` value per provider; none where nobody signs in."""
    if importlib.util.find_spec("dev.sign_in") is None:
        return []
    script = "from dev.sign_in import authorizations; print(*authorizations().values(), sep='\\n')"
    return run_python(["-c", script], environment).splitlines()


def _schemathesis(contract: Path, url: str, authorization: str, *, examples: int, seed: int | None, folder: str) -> int:
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(contract.with_name("schemathesis.toml"))]
    command += ["run", str(contract), "--url", url]
    command += ["--max-examples", str(examples), "--suppress-health-check", "all", "--no-color"]
    command += ["--header", f"Authorization: {authorization}"] if authorization else []
    command += [] if seed is None else ["--seed", str(seed)]
    return subprocess.run(command, cwd=folder, check=False).returncode  # noqa: S603 - our own command


@contextlib.contextmanager
def _service(environment: Mapping[str, str], folder: str) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "app", "serve", "--port", str(port)]
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    try:
        _wait_until_it_answers(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def _wait_until_it_answers(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with (
            contextlib.suppress(OSError),
            contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=1)) as connection,
        ):
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            return
        time.sleep(0.1)
    raise click.ClickException("the service did not start")
