"""Runs schemathesis from the contract against the started service on a database of its own, with valid credentials."""

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dev.postgres.throwaway import ThrowawayCluster
from dev.service import run_python, service_environment, serving


def fuzz(contract: Path, *, examples: int, seed: int | None) -> int:
    """The exit status of a run: 0 when no response and no behaviour is against the contract."""
    with ThrowawayCluster() as cluster, tempfile.TemporaryDirectory() as folder:
        environment = _environment(cluster.url())
        run_python(["-m", "app", "migrate"], environment)
        authorizations = _authorizations(environment)
        with serving(environment, folder) as url:
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
