"""Runs schemathesis from the contract against the started service, on a database of its own, signed in as every role.

One run tries all operations: each goes to the first person who is not refused, and what one person made is handed on to another. The roles that
come after get a short run of their own, with the examples and links of the contract, because a handler may do something else for them.
"""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click

from service_devkit.contract.document import read
from service_devkit.contract.layout import contract_of
from service_devkit.contract.operations import operations
from service_devkit.contract.responses import Promises
from service_devkit.contract.values import Node
from service_devkit.postgres.throwaway import ThrowawayCluster
from service_devkit.project import tool
from service_devkit.service import development_environment, people_of, run_python, serving

SHORT: Final = ("--phases", "examples,stateful", "--max-examples", "1")
_ADVICE: Final = (
    "Give it an example, a link from what makes its ids, or a reason in [tool.devkit.contract.never-successful] of pyproject.toml."
)


def fuzz(root: Path, *, examples: int, seed: int | None) -> int:
    """The exit status of a run: 0 when no answer is against the contract, and each operation succeeded for somebody."""
    contract = read(contract_of(root))
    with ThrowawayCluster() as cluster, tempfile.TemporaryDirectory() as folder:
        environment = {**development_environment(cluster.url()), "LOG_LEVEL": "ERROR"}
        run_python(["-m", "app", "migrate"], environment)
        people = people_of(root, environment)
        with serving(environment, folder) as url:
            run = _Run(contract_of(root), url, Path(folder), seed, Seen(contract))
            failed = not all([run.everybody(people, examples), *(run.one(people, name) for name in _further(people))])
    findings = list(run.seen.without_success(_excused(root)))
    click.echo("\n".join([*findings, f"Signed in as: {', '.join(people) or 'nobody'}. {run.seen.summary(findings)}"]))
    return 1 if failed or findings else 0


def _further(people: Mapping[str, str]) -> Sequence[str]:
    """Who gets a run after the one of all: for each role but the first, the person of one way to sign in."""
    return list({name.rpartition(" as ")[2]: name for name in reversed(people)}.values())[::-1][1:]


@dataclass(frozen=True)
class _Run:
    """The started service, and how it is tried."""

    contract: Path
    url: str
    folder: Path
    seed: int | None
    seen: "Seen"

    def everybody(self, people: Mapping[str, str], examples: int) -> bool:
        """Whether nothing is wrong with any operation, each tried as the first person who may."""
        return self._schemathesis(people, "--max-examples", str(examples))

    def one(self, people: Mapping[str, str], name: str) -> bool:
        """Whether nothing is wrong with what one person gets."""
        click.echo(f"\n{name}:")
        return self._schemathesis({name: people[name]}, *SHORT)

    def _schemathesis(self, people: Mapping[str, str], *options: str) -> bool:
        har, config = self.folder / "requests.har", self.contract.with_name("schemathesis.toml")
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config)]
        command += ["run", str(self.contract), "--url", self.url, *options, *_signed_in(people, self.folder)]
        command += ["--suppress-health-check", "all", "--no-color", "--report-har-path", str(har)]
        command += [] if self.seed is None else ["--seed", str(self.seed)]
        done = subprocess.run(command, cwd=self.folder, check=False)  # noqa: S603 - our own command
        self.seen.add(har)
        return done.returncode == 0


def _signed_in(people: Mapping[str, str], folder: Path) -> list[str]:
    """The options by which schemathesis knows the people, in a file as Web Fuzzing Commons defines it."""
    if not people:
        return []
    file = folder / "people.json"
    entries = [
        {"name": name, "fixedHeaders": [{"name": "Authorization", "value": value}]} for name, value in people.items()
    ]
    file.write_text(json.dumps({"auth": entries}), encoding="utf-8")
    return ["--auth-wfc", str(file)]


class Seen:
    """Which statuses the operations of a contract answered with, all runs together."""

    def __init__(self, contract: Node) -> None:
        self._promises = Promises(contract)
        self._names = {name: str(each.get("operationId") or name) for name, each in operations(contract).items()}
        self._statuses: dict[str, Counter[int]] = {name: Counter() for name in self._names}

    def add(self, har: Path) -> None:
        """Count the answers in a file of schemathesis; it writes none where it could not begin."""
        if not har.exists():
            return
        for entry in json.loads(har.read_text(encoding="utf-8"))["log"]["entries"]:
            path = self._promises.path_of(urlsplit(entry["request"]["url"]).path)
            name = f"{entry['request']['method'].upper()} {path}"
            if name in self._statuses:
                self._statuses[name][int(entry["response"]["status"])] += 1
        har.unlink()

    def without_success(self, excused: Mapping[str, str]) -> Iterator[str]:
        """The operations that never answered with 2xx or 3xx, each with what it answered: nothing was tried behind the refusal."""
        for name, statuses in self._statuses.items():
            if self._names[name] in excused or any(200 <= status < 400 for status in statuses):  # noqa: PLR2004 - the classes of RFC 9110
                continue
            counts = ", ".join(f"{status} ({count} times)" for status, count in sorted(statuses.items()))
            told = f"answered {counts}" if counts else "never tried"
            yield f"{name}: never successful, so nothing behind it was tried; {told}. {_ADVICE}"

    def summary(self, findings: Sequence[str]) -> str:
        """One sentence on the number of operations."""
        return f"{len(self._statuses)} operations, {len(findings)} never successful."


def _excused(root: Path) -> dict[str, str]:
    """The operations that no made-up input can make successful, with the reason."""
    return {name: str(reason) for name, reason in tool(root, "devkit", "contract", "never-successful").items()}
