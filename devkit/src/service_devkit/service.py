"""The service as developer commands start it, to measure it or to try it: as in production, on a database of theirs."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

import click

from service_devkit.environment import development_secrets
from service_devkit.postgres.client import without_libpq
from service_devkit.postgres.server import free_port
from service_devkit.project import find_root

UNLIMITED: Final = "1000000000/minute"
START_SECONDS: Final = 120  # an end for a service that hangs: one that dies is seen at once, and a busy machine is slow


def service_environment(database_url: str) -> dict[str, str]:
    """Settings with which everything runs that runs in production: sign-in, logs as JSON, request ids, headers, counted requests.

    Only the counts never reach a limit, and the keys are made on the spot, which `ENVIRONMENT=production` would refuse.
    """
    root = find_root()
    return {
        **without_libpq(os.environ),
        **{name: make() for name, make in development_secrets(root).items()},
        "PYTHONPATH": str(root),
        "ENVIRONMENT": "test",
        "DATABASE_URL": database_url,
        "DIRECT_URL": "",
        "LOG_LEVEL": "INFO",
        "LOG_FORMAT": "json",
        "DOCS": "false",
        "DEBUG": "false",
        "WORKERS": "1",
        "RATE_LIMIT": UNLIMITED,
        "RATE_LIMIT_SIGN_IN": UNLIMITED,
    }


def development_environment(database_url: str) -> dict[str, str]:
    """The same as a developer signs in to it: `authorizations_of` works in development only."""
    return {**service_environment(database_url), "ENVIRONMENT": "development"}


def authorizations_of(root: Path, environment: Mapping[str, str]) -> list[str]:
    """The `Authorization` headers that the service of this environment takes; its settings are read in a process of its own."""
    script = "import sys, pathlib; from service_devkit.environment import authorizations as of; print(*of(pathlib.Path(sys.argv[1])), sep='\\n')"
    return [line for line in run_python(["-c", script, str(root)], environment).splitlines() if line]


def people_of(root: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Somebody for each role and each way to sign in, with the `Authorization` header; the settings are read in a process of its own."""
    script = (
        "import json, pathlib, sys; from service_devkit.environment import authorizations_by_role as of; "
        "print(json.dumps(dict(of(pathlib.Path(sys.argv[1])))))"
    )
    people: dict[str, str] = json.loads(run_python(["-c", script, str(root)], environment).splitlines()[-1])
    return people


def run_python(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """What a command of ours prints; it runs in an empty folder, where no `.env` gets in."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(  # noqa: S603 - our own commands
            [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise click.ClickException(f"{' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


@contextmanager
def serving(environment: Mapping[str, str], folder: str) -> Iterator[str]:
    """The address of the service, which runs inside the block; its working directory is `folder`, where no `.env` should be."""
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
            suppress(OSError),
            closing(HTTPConnection("127.0.0.1", port, timeout=1)) as connection,
        ):
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            return
        time.sleep(0.1)
    raise click.ClickException("the service did not start")
