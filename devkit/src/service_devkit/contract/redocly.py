"""Redocly's own rules for a contract, where its command line is installed. Needs no network."""

import os
import shutil
import subprocess
from pathlib import Path

NOT_RUN = "redocly is not installed, so its rules were not checked: npm install --global @redocly/cli"


def redocly(contract: Path) -> tuple[bool, str]:
    """Whether Redocly finds nothing, or is not there; and what it says."""
    program = shutil.which("redocly")
    if program is None:
        return True, NOT_RUN
    done = subprocess.run(  # noqa: S603 - a program of the developer's, with our own arguments
        [program, "lint", str(contract), "--config", str(contract.with_name("redocly.yaml"))],
        env={**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return True, "redocly: no finding"
    return False, f"{done.stdout}{done.stderr}".strip()
