"""`devkit benchmark`."""

import json
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import click

from service_devkit.benchmark.budgets import load_budgets
from service_devkit.benchmark.calls import Caller, CallError, in_order
from service_devkit.benchmark.examples import NoExampleError
from service_devkit.benchmark.figures import Figures
from service_devkit.benchmark.operations import Contract, Operation
from service_devkit.benchmark.statements import log_statements
from service_devkit.contract.document import read
from service_devkit.contract.layout import contract_of
from service_devkit.postgres.throwaway import ThrowawayCluster
from service_devkit.project import find_root
from service_devkit.service import development_environment, people_of, run_python, serving

Outcome = Figures | CallError | NoExampleError


@click.command()
@click.option(
    "--requests", type=click.IntRange(1), default=50, show_default=True, help="Measured requests of each operation."
)
@click.option("--strict", is_flag=True, help="Fail on milliseconds too: for a quiet machine.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: figures, reasons and findings.")
@click.argument("names", nargs=-1, metavar="[OPERATION_ID]...")
def benchmark(*, requests: int, strict: bool, as_json: bool, names: Sequence[str]) -> None:
    """Call the operations of the contract, and compare what they cost with the budgets.

    All of them, or those that are named. They are called from the examples of the contract, signed in as the first role that may (and what they are
    about is made by a role that may make it), one request after the other, on the production server with a database of its own. Ids come from links, or from the answer of the POST above; what is made is deleted
    again where the contract has a DELETE for it. An operation that cannot be called is listed with the reason.

    Budgets stand in [tool.devkit.benchmark] of pyproject.toml: `statements` of a request (5), and for --strict `mean-ms` (500) and `p95-ms`
    (1000); in [tool.devkit.benchmark.operations], by operationId, those of a single one. More statements, or an answer of 5xx, fail.
    """
    root = find_root()
    contract = Contract(read(contract_of(root)))
    budgets = load_budgets(root, contract.operations)
    if unknown := [name for name in names if name not in contract.operations]:
        raise click.ClickException(
            f"the contract has no operation {', '.join(unknown)}; it has {', '.join(contract.operations)}"
        )
    chosen = [each for each in contract.operations.values() if not names or each.name in names]
    outcomes = _measure(root, contract, chosen, requests)
    found = [
        finding
        for name, outcome in outcomes.items()
        for finding in (
            budgets.findings(name, outcome, strict=strict) if isinstance(outcome, Figures) else _faults(name, outcome)
        )
    ]
    if not any(isinstance(outcome, Figures) for outcome in outcomes.values()):
        found.append("not one operation could be measured")
    click.echo(_json(outcomes, found) if as_json else _table(outcomes, found))
    if found:
        raise SystemExit(1)


def _measure(root: Path, contract: Contract, chosen: Sequence[Operation], requests: int) -> dict[str, Outcome]:
    """The outcomes in the order of the contract."""
    with ExitStack() as stack:
        cluster = stack.enter_context(ThrowawayCluster())
        environment = development_environment(cluster.url())
        run_python(["-m", "app", "migrate"], environment)
        people = people_of(root, environment)
        log = log_statements(cluster)
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        url = stack.enter_context(serving(environment, folder))
        callers = [stack.enter_context(Caller(contract, url, header)) for header in people.values() or [""]]
        for caller in callers:
            caller.others = [each for each in callers if each is not caller]
        outcomes = {each.name: outcome_of(callers, each, requests=requests, log=log) for each in in_order(chosen)}
    return {each.name: outcomes[each.name] for each in chosen}


def outcome_of(callers: Sequence[Caller], operation: Operation, *, requests: int, log: Path) -> Outcome:
    """As the first person who may; else why the first one of all may not."""
    reasons: list[CallError | NoExampleError] = []
    for caller in callers:
        try:
            return caller.measure(operation, requests=requests, log=log)
        except (CallError, NoExampleError) as error:
            reasons.append(error)
            if operation.is_open:
                break
    return reasons[0] if reasons else CallError("nobody calls")


def _faults(name: str, error: Exception) -> list[str]:
    return [f"{name}: {error}"] if isinstance(error, CallError) and error.is_fault else []


def _table(outcomes: dict[str, Outcome], found: Sequence[str]) -> str:
    width = max(map(len, outcomes))
    measured = {name: each for name, each in outcomes.items() if isinstance(each, Figures)}
    others = {name: each for name, each in outcomes.items() if not isinstance(each, Figures)}
    lines = [f"{'operation':<{width}}  {'mean ms':>8}  {'p95 ms':>8}  {'requests/s':>10}  {'statements':>10}"]
    lines += [
        f"{name:<{width}}  {each.mean_ms:8.1f}  {each.p95_ms:8.1f}  {each.per_second:10.0f}  {len(each.statements):10}"
        for name, each in measured.items()
    ]
    lines += [f"{name:<{width}}  not measured: {each}" for name, each in others.items()]
    lines += [f"{len(measured)} of {len(outcomes)} operations measured", *(f"FAILED  {each}" for each in found)]
    return "\n".join(lines)


def _json(outcomes: dict[str, Outcome], found: Sequence[str]) -> str:
    operations = {
        name: asdict(each) if isinstance(each, Figures) else {"not_measured": str(each)}
        for name, each in outcomes.items()
    }
    return json.dumps({"operations": operations, "findings": list(found)}, indent=2)
