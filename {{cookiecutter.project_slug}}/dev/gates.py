"""The quality gates: the same for every change, wherever it is checked.

`python -m dev check` runs all of them and stops at the first failure; `python -m dev gate NAME...` runs some.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import click

from dev.outcomes import NOT_RUN, Gate, Outcome, report, state_of, table, verdict

ROOT: Final = Path(__file__).resolve().parents[1]
PYTEST: Final = ("python", "-m", "pytest", "-n", "auto")

GATES: Final = (
    Gate(
        "format",
        "the formatter would change nothing",
        ("ruff", "format", "--check", "."),
        "run `just format`",
    ),
    Gate(
        "lint",
        "no finding of the linter, security rules included",
        ("ruff", "check", "."),
        "`just format` mends what can be mended by itself; change the rest at the lines named above",
    ),
    Gate(
        "sizes",
        "functions under 50 lines, classes under 100, files under 500",
        ("python", "-m", "dev.sizes"),
        "split what is named above, one intent each",
    ),
    Gate(
        "types",
        "every type checks (mypy --strict)",
        ("mypy", "--strict"),
        "correct the types at the lines named above; an ignore needs its code and its reason",
    ),
    Gate(
        "layers",
        "imports follow the layers: api, services, models, core",
        ("lint-imports", "--no-logo"),
        "move the code to the layer that may import it; the layers are [tool.importlinter] in pyproject.toml",
    ),
    Gate(
        "imports",
        "every module can be imported without environment, database or network",
        ("python", "-m", "dev.imports"),
        "move what the module does on import into a function that is called at start-up",
    ),
    Gate(
        "dependencies",
        "what is imported is declared, what is declared is imported",
        ("deptry", "--no-ansi", "app", "alembic"),
        "`uv add` what is missing, `uv remove` what is unused; exceptions are [tool.deptry] in pyproject.toml",
    ),
    Gate(
        "licences",
        "what the service needs to run has licences that are allowed",
        ("python", "-m", "dev.licences"),
        "take another package, or add to [tool.licences] in pyproject.toml what your organisation allows",
    ),
    Gate(
        "secrets",
        "no credential in the files or in the history",
        ("devkit", "secrets"),
        "withdraw the credential where it was issued first, then see docs/supply-chain.md",
    ),
    Gate(
        "audit",
        "no dependency has a known vulnerability that can be mended",
        ("python", "-m", "dev.audit"),
        "uv lock --upgrade-package NAME, or waive it until a day: docs/supply-chain.md",
    ),
    Gate(
        "migrations",
        "one head, no drift, up and down and up again, nothing that blocks a live database",
        ("python", "-m", "dev.migrations", "check"),
        "see docs/migrations.md for the rule named above",
    ),
    Gate(
        "contract-lint",
        "contracts/openapi.yaml is valid and follows the rules of the house",
        ("devkit", "contract", "lint"),
        "mend the contract at the places named above; a rule is left out in [tool.devkit.contract] of pyproject.toml",
    ),
    Gate(
        "schemas",
        "the types of app/schemas are what the contract says",
        ("devkit", "contract", "generate", "--check"),
        "run `just generate`; what a schema cannot say belongs into app/schemas/additions",
    ),
    Gate(
        "contract",
        "the application is what contracts/openapi.yaml says",
        ("devkit", "contract", "verify"),
        "the contract is the source of truth: change the side named above, then run `just contract`",
    ),
    Gate(
        "compatibility",
        "nothing that the last release promised is broken without a new major version",
        ("devkit", "contract", "breaking"),
        "take the changes back, or raise `info.version` of the contract and tell the clients",
    ),
    Gate(
        "fuzz",
        "odd and hostile inputs get the answers of the contract; `just fuzz --examples 200` looks longer",
        ("devkit", "contract", "fuzz", "--examples", "5"),
        "the report above has a request that repeats the finding; mend the service, or the contract first",
    ),
    Gate(
        "performance",
        "no request takes more statements or more CPU, beside two references, than its budget",
        ("python", "-m", "dev", "benchmark", "gate"),
        "`just benchmark` measures longer; the budgets are dev/benchmark/budgets*.toml, each figure with its meaning",
    ),
    Gate(
        "tests",
        "every test of the service passes; line and branch coverage of at least 95 %",
        (*PYTEST, "--ignore=tests/dev", "--cov", "--cov-report=term-missing:skip-covered"),
        "run `just test PATH` for one test; uncovered lines are in the column Missing",
    ),
    Gate(
        "tools",
        "every test of the developer commands passes",
        (*PYTEST, "tests/dev"),
        "run `just test PATH` for one test",
    ),
)


def executable(name: str) -> str:
    """The program of this name that belongs to the running interpreter, wherever PATH points."""
    if name == "python":
        return sys.executable
    found = shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)
    if found is None:
        raise click.ClickException(f"{name} is not installed. Install the development dependencies: uv sync")
    return found


def run(gate: Gate, *, show: bool, root: Path = ROOT) -> Outcome:
    """Run one gate; its output goes to the terminal with `show`, else into the outcome."""
    program, *arguments = gate.command
    started = time.perf_counter()
    result = subprocess.run(  # noqa: S603 - the commands are the constants above
        [executable(program), *arguments],
        cwd=root,
        env={**os.environ, "PYTHONUTF8": "1"},
        stdout=None if show else subprocess.PIPE,
        stderr=None if show else subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return Outcome(gate, state_of(result.returncode), time.perf_counter() - started, result.stdout or "")


def run_until_failure(gates: Sequence[Gate], *, show: bool, report: Callable[[Outcome], None]) -> list[Outcome]:
    """Run the gates in order and report each; those after a failure are skipped."""
    outcomes: list[Outcome] = []
    for gate in gates:
        failed = bool(outcomes) and outcomes[-1].state in {"FAILED", "skipped"}
        outcome = Outcome(gate, "skipped") if failed else run(gate, show=show)
        outcomes.append(outcome)
        if outcome.state != "skipped":
            report(outcome)
    return outcomes


def _leave(outcomes: Sequence[Outcome], *, complete: bool) -> None:
    end = verdict(outcomes)
    sys.exit(1 if end == "FAILED" else NOT_RUN if end == "NOT RUN" and complete else 0)


@click.command()
@click.argument("names", nargs=-1, required=True, type=click.Choice([gate.name for gate in GATES]))
def gate(names: tuple[str, ...]) -> None:
    """Run the gates NAMES, showing all they print; status 75 if one could not run."""
    chosen = [gate for gate in GATES if gate.name in names]
    _leave(run_until_failure(chosen, show=True, report=report), complete=True)


@click.command()
@click.option("--list", "only_list", is_flag=True, help="Say what the gates are, run none.")
@click.option(
    "--except", "left_out", multiple=True, type=click.Choice([gate.name for gate in GATES]), help="Leave a gate out."
)
@click.option("--complete", is_flag=True, help="End with status 75 if a gate could not run, as without a network.")
def check(*, only_list: bool, left_out: tuple[str, ...], complete: bool) -> None:
    """Run all gates and stop at the first failure."""
    gates = [gate for gate in GATES if gate.name not in left_out]
    if only_list:
        for each in gates:
            click.echo(f"{each.name:<13} {each.holds}\n{'':<13} {' '.join(each.command)}")
        return
    outcomes = run_until_failure(gates, show=False, report=report)
    click.echo("\n" + table(outcomes))
    _leave(outcomes, complete=complete)


if __name__ == "__main__":
    click.Group("gates", commands=[gate, check])(prog_name="python -m dev.gates")
