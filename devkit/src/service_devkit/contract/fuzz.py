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
from typing import TYPE_CHECKING, Final, cast

import click

from service_devkit.benchmark.operations import Contract
from service_devkit.contract.document import read
from service_devkit.contract.layout import contract_of
from service_devkit.contract.replay import replay
from service_devkit.contract.report import OF_STUB, handlers
from service_devkit.contract.seen import Seen
from service_devkit.contract.stubs import ids_of, stubs_of, without
from service_devkit.postgres.throwaway import ThrowawayCluster
from service_devkit.project import hook, tool
from service_devkit.service import development_environment, people_of, run_python, serving

if TYPE_CHECKING:
    from fastapi import FastAPI

NOBODY: Final = {"nobody": ""}


def fuzz(root: Path, *, examples: int, seed: int | None) -> int:
    """The exit status: 0 when no answer is against the contract, and each operation succeeded for somebody."""
    whole = read(contract_of(root))
    app = cast("FastAPI", hook(root, "app")())
    stubs, places = stubs_of(app), handlers(app, root)
    document = without(whole, stubs)
    seen = Seen(document)
    with ThrowawayCluster() as cluster, tempfile.TemporaryDirectory() as folder:
        environment = {**development_environment(cluster.url()), "LOG_LEVEL": "ERROR"}
        run_python(["-m", "app", "migrate"], environment)
        people = people_of(root, environment) or NOBODY
        with serving(environment, folder) as url:
            replay(Contract(document), url, people, seen)
            is_fine = _schemathesis(
                contract_of(root),
                url,
                people,
                Path(folder),
                examples=examples,
                seed=seed,
                left_out=ids_of(whole, stubs),
            )
            seen.add_file(Path(folder, "requests.har"))
    excused = {name: str(reason) for name, reason in tool(root, "devkit", "contract", "never-successful").items()}
    unwritten = [f"{each}  {places[each]}: not written yet, so it was not tried: {OF_STUB}" for each in stubs]
    findings = [*seen.violations, *seen.without_success(excused), *unwritten]
    for finding in findings:
        click.echo(finding)
    click.echo(
        f"Signed in as {', '.join(people)}: {len(seen.statuses)} operations, {len(findings)} findings of devkit."
    )
    return 0 if is_fine and not findings else 1


def _schemathesis(
    contract: Path,
    url: str,
    people: Mapping[str, str],
    folder: Path,
    *,
    examples: int,
    seed: int | None,
    left_out: list[str],
) -> bool:
    """Whether it finds nothing. It learns of the people from a file as Web Fuzzing Commons defines it, and writes `requests.har`."""
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(contract.with_name("schemathesis.toml"))]
    command += ["run", str(contract), "--url", url, "--report-har-path", str(folder / "requests.har")]
    command += ["--max-examples", str(examples), "--suppress-health-check", "all", "--no-color"]
    command += ["--generation-allow-x00", "false"]  # no service of ours takes NUL, whatever its contract forgets to say
    command += [part for each in left_out for part in ("--exclude-operation-id", each)]
    command += [] if seed is None else ["--seed", str(seed)]
    if people is not NOBODY:
        known = [{"name": name, "fixedHeaders": [_authorization(header)]} for name, header in people.items()]
        (folder / "people.json").write_text(json.dumps({"auth": known}), encoding="utf-8")
        command += ["--auth-wfc", str(folder / "people.json")]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "service_devkit.contract.fuzz_hooks"}
    return subprocess.run(command, cwd=folder, env=environment, check=False).returncode == 0  # noqa: S603 - our own command


def _authorization(header: str) -> dict[str, str]:
    return {"name": "Authorization", "value": header}
