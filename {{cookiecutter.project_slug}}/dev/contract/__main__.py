"""`python -m dev.contract`: the commands around `contracts/openapi.yaml`."""

import sys
from pathlib import Path
from typing import Final

import click
from fastapi import FastAPI

from dev.contract.comparison import Deviation, compare
from dev.contract.document import ContractError, faults, read
from dev.contract.operations import operations
from dev.contract.report import handlers, render
from dev.contract.values import Node, mapping, plain

ROOT: Final = Path(__file__).resolve().parents[2]
CONTRACT: Final = ROOT / "contracts" / "openapi.yaml"


@click.group()
def main() -> None:
    """Work with the contract of this service."""


@main.command()
def verify() -> None:
    """Compare the application with the contract; needs no database and no network."""
    from app.main import create_app  # noqa: PLC0415 - `--help` needs no application

    try:
        contract = read(CONTRACT)
    except ContractError as error:
        raise click.ClickException(str(error)) from error
    for fault in (found := list(faults(contract))):
        click.echo(f"contracts/openapi.yaml: {fault}")
    app = create_app()
    deviations = deviations_of(app, contract)
    for line in render(deviations, handlers(app, ROOT)):
        click.echo(line)
    click.echo(f"operations: {len(operations(contract))}, deviations: {len(deviations)}")
    sys.exit(1 if found or deviations else 0)


def deviations_of(app: FastAPI, contract: Node) -> list[Deviation]:
    """Where the application is not what the contract says."""
    return compare(operations(contract), operations(mapping(plain(app.openapi()))))


if __name__ == "__main__":
    main(prog_name="python -m dev.contract")
