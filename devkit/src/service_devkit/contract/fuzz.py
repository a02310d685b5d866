"""Tries the contract on the started service, on a database of its own, signed in as every role.

First every role calls every operation once from the examples of the contract, as `devkit benchmark` does. Then schemathesis tries them all with
odd and hostile inputs, each as the first person who is not refused. An operation that succeeded for nobody is a finding of its own.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from service_devkit.benchmark.operations import Contract
from service_devkit.contract.document import read
from service_devkit.contract.layout import contract_of
from service_devkit.contract.replay import replay
from service_devkit.contract.seen import Seen
from service_devkit.postgres.throwaway import ThrowawayCluster
from service_devkit.project import tool
from service_devkit.service import development_environment, people_of, run_python, serving

NOBODY: Final = {"nobody": ""}


def fuzz(root: Path, *, examples: int, seed: int | None) -> int:
    """The exit status: 0 when no answer is against the contract, and each operation succeeded for somebody."""
    document = read(contract_of(root))
    seen = Seen(document)
    with ThrowawayCluster() as cluster, tempfile.TemporaryDirectory() as folder:
        environment = {**development_environment(cluster.url()), "LOG_LEVEL": "ERROR"}
        run_python(["-m", "app", "migrate"], environment)
        people = people_of(root, environment) or NOBODY
        with serving(environment, folder) as url:
            replay(Contract(document), url, people, seen)
            is_fine = _schemathesis(contract_of(root), url, people, Path(folder), examples=examples, seed=seed)
            seen.add_file(Path(folder, "requests.har"))
    excused = {name: str(reason) for name, reason in tool(root, "devkit", "contract", "never-successful").items()}
    findings = [*seen.violations, *seen.without_success(excused)]
    for finding in findings:
        click.echo(finding)
    click.echo(
        f"Signed in as {', '.join(people)}: {len(seen.statuses)} operations, {len(findings)} findings of devkit."
    )
    return 0 if is_fine and not findings else 1


def _schemathesis(
    contract: Path, url: str, people: Mapping[str, str], folder: Path, *, examples: int, seed: int | None
) -> bool:
    """Whether it finds nothing. It learns of the people from a file as Web Fuzzing Commons defines it, and writes `requests.har`."""
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(contract.with_name("schemathesis.toml"))]
    command += ["run", str(contract), "--url", url, "--report-har-path", str(folder / "requests.har")]
    command += ["--max-examples", str(examples), "--suppress-health-check", "all", "--no-color"]
    command += [] if seed is None else ["--seed", str(seed)]
    if people is not NOBODY:
        known = [{"name": name, "fixedHeaders": [_authorization(header)]} for name, header in people.items()]
        (folder / "people.json").write_text(json.dumps({"auth": known}), encoding="utf-8")
        command += ["--auth-wfc", str(folder / "people.json")]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "service_devkit.contract.fuzz_inputs"}
    return subprocess.run(command, cwd=folder, env=environment, check=False).returncode == 0  # noqa: S603 - our own command


def _authorization(header: str) -> dict[str, str]:
    return {"name": "Authorization", "value": header}
