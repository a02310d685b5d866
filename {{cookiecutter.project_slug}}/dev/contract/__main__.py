"""`python -m dev.contract`: the commands around `contracts/openapi.yaml`."""

import sys
from pathlib import Path
from typing import Final

import click
from fastapi import FastAPI

from dev.contract.breaking import breaking_changes
from dev.contract.comparison import Deviation, compare
from dev.contract.document import ContractError, faults, read
from dev.contract.lint import findings
from dev.contract.operations import operations
from dev.contract.redocly import redocly
from dev.contract.release import allows_breaking, contract_at, last_release, version_of
from dev.contract.report import FORMATS, handlers
from dev.contract.values import Node, mapping, plain

ROOT: Final = Path(__file__).resolve().parents[2]
CONTRACT: Final = ROOT / "contracts" / "openapi.yaml"
SCHEMAS: Final = ROOT / "app" / "schemas"


@click.group()
def main() -> None:
    """Work with the contract of this service."""


@main.command()
def lint() -> None:
    """Check that the contract is valid OpenAPI, and follows the rules of the house and those of Redocly, if that is installed."""
    contract = _contract()
    found = list(faults(contract)) or list(findings(contract))
    for line in found:
        click.echo(f"contracts/openapi.yaml: {line}")
    content, said = redocly(CONTRACT)
    click.echo(said)
    click.echo(f"operations: {len(operations(contract))}, findings: {len(found)}")
    sys.exit(0 if content and not found else 1)


@main.command()
@click.option(
    "--format", "form", type=click.Choice(list(FORMATS)), default="text", show_default=True, help="Form of the report."
)
def verify(form: str) -> None:
    """Compare the application with the contract; needs no database and no network. Exit status 1 when they differ."""
    from app.main import create_app  # noqa: PLC0415 - `--help` needs no application

    contract = _contract()
    app = create_app()
    deviations = deviations_of(app, contract)
    for line in FORMATS[form](deviations, handlers(app, ROOT)):
        click.echo(line)
    click.echo(f"operations: {len(operations(contract))}, deviations: {len(deviations)}", err=form != "text")
    sys.exit(1 if deviations else 0)


@main.command()
@click.option("--check", is_flag=True, help="Write nothing; exit status 1 when a module is not what the contract says.")
def generate(*, check: bool) -> None:
    """Write the types of app/schemas from the contract. What a schema cannot say belongs into app/schemas/additions."""
    from dev.contract.generate import generate as texts_of, stale, write  # noqa: PLC0415 - slow, and only needed here

    texts = texts_of(_contract())
    files = stale(texts, SCHEMAS) if check else write(texts, SCHEMAS)
    for file in files:
        click.echo(f"{'not what the contract says' if check else 'written'}: {file.relative_to(ROOT).as_posix()}")
    sys.exit(1 if check and files else 0)


@main.command()
@click.option("--examples", default=10, show_default=True, help="Inputs to try for each operation; hundreds find more.")
@click.option("--seed", type=int, help="Repeat a run.")
def fuzz(examples: int, seed: int | None) -> None:
    """Try hostile and odd inputs on the started service, on a database of its own, signed in. Exit status 1 for a finding."""
    from dev.contract.fuzz import fuzz as run  # noqa: PLC0415 - the other commands need no PostgreSQL

    sys.exit(run(CONTRACT, examples=examples, seed=seed))


@main.command()
@click.option("--since", metavar="TAG", help="Compare with this release; the last one when absent.")
def breaking(since: str | None) -> None:
    """List what breaks clients of the last release. Exit status 1 when the version does not say so."""
    contract, tag = _contract(), since or last_release(ROOT)
    old = None if tag is None else contract_at(ROOT, tag, CONTRACT)
    if old is None:
        click.echo(f"{tag or 'no release tag such as v1.0.0 yet'}: no contract to compare with")
        sys.exit(1 if since else 0)
    changes = list(breaking_changes(operations(old), operations(contract)))
    for change in changes:
        click.echo(change)
    before, after = version_of(old), version_of(contract)
    click.echo(f"breaking changes since {tag}: {len(changes)}; the version went from {before} to {after}")
    if changes and not allows_breaking(before, after):
        click.echo("give the contract a new major version (before 1.0.0 a new minor one), or take the changes back")
        sys.exit(1)


def _contract() -> Node:
    try:
        return read(CONTRACT)
    except ContractError as error:
        raise click.ClickException(str(error)) from error


def deviations_of(app: FastAPI, contract: Node) -> list[Deviation]:
    """Where the application is not what the contract says."""
    return compare(operations(contract), operations(mapping(plain(app.openapi()))))


if __name__ == "__main__":
    main(prog_name="python -m dev.contract")
