"""Runs schemathesis from the contract against the started service on a database of its own, with valid credentials."""

import subprocess
import sys
import tempfile
from pathlib import Path

from service_devkit.contract.layout import contract_of
from service_devkit.postgres.throwaway import ThrowawayCluster
from service_devkit.service import authorizations_of, development_environment, run_python, serving


def fuzz(root: Path, *, examples: int, seed: int | None) -> int:
    """The exit status of a run: 0 when no response and no behaviour is against the contract."""
    with ThrowawayCluster() as cluster, tempfile.TemporaryDirectory() as folder:
        environment = {**development_environment(cluster.url()), "LOG_LEVEL": "ERROR"}
        run_python(["-m", "app", "migrate"], environment)
        authorizations = authorizations_of(root, environment)
        with serving(environment, folder) as url:
            return max(
                _schemathesis(contract_of(root), url, authorization, examples=examples, seed=seed, folder=folder)
                for authorization in authorizations or [""]
            )


def _schemathesis(contract: Path, url: str, authorization: str, *, examples: int, seed: int | None, folder: str) -> int:
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(contract.with_name("schemathesis.toml"))]
    command += ["run", str(contract), "--url", url]
    command += ["--max-examples", str(examples), "--suppress-health-check", "all", "--no-color"]
    command += ["--header", f"Authorization: {authorization}"] if authorization else []
    command += [] if seed is None else ["--seed", str(seed)]
    return subprocess.run(command, cwd=folder, check=False).returncode  # noqa: S603 - our own command
