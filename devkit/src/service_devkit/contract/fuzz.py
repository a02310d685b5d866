"""Runs schemathesis from the contract against the started service on a database of its own, with valid credentials."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from service_devkit.contract.layout import contract_of
from service_devkit.postgres.throwaway import ThrowawayCluster
from service_devkit.service import run_python, service_environment, serving


def fuzz(root: Path, *, examples: int, seed: int | None) -> int:
    """The exit status of a run: 0 when no response and no behaviour is against the contract."""
    with ThrowawayCluster() as cluster, tempfile.TemporaryDirectory() as folder:
        environment = _environment(cluster.url())
        run_python(["-m", "app", "migrate"], environment)
        authorizations = _authorizations(root, environment)
        with serving(environment, folder) as url:
            return max(
                _schemathesis(contract_of(root), url, authorization, examples=examples, seed=seed, folder=folder)
                for authorization in authorizations or [""]
            )


def _environment(database_url: str) -> dict[str, str]:
    return {**service_environment(database_url), "ENVIRONMENT": "development", "LOG_LEVEL": "ERROR"}


def _authorizations(root: Path, environment: Mapping[str, str]) -> list[str]:
    """What the service of this environment takes; its settings are read in a process of its own."""
    script = "import sys, pathlib; from service_devkit.environment import authorizations as of; print(*of(pathlib.Path(sys.argv[1])), sep='\\n')"
    return run_python(["-c", script, str(root)], environment).splitlines()


def _schemathesis(contract: Path, url: str, authorization: str, *, examples: int, seed: int | None, folder: str) -> int:
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(contract.with_name("schemathesis.toml"))]
    command += ["run", str(contract), "--url", url]
    command += ["--max-examples", str(examples), "--suppress-health-check", "all", "--no-color"]
    command += ["--header", f"Authorization: {authorization}"] if authorization else []
    command += [] if seed is None else ["--seed", str(seed)]
    return subprocess.run(command, cwd=folder, check=False).returncode  # noqa: S603 - our own command
