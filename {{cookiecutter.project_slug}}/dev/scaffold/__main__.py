"""`python -m dev.scaffold TAG`: model, service, routes and tests of a noun that the contract describes."""

from pathlib import Path
from typing import Final

import click

from dev.contract.document import ContractError, read
from dev.scaffold.files import write
from dev.scaffold.resource import ScaffoldError, resource_of

ROOT: Final = Path(__file__).resolve().parents[2]


@click.command()
@click.argument("tag")
def main(tag: str) -> None:
    """Write the first version of the resource that the contract calls TAG, such as "reading lists". Nothing is overwritten.

    Run `just generate` before it, which writes the types.
    """
    try:
        resource = resource_of(read(ROOT / "contracts" / "openapi.yaml"), tag)
        touched = write(resource, ROOT)
    except (ContractError, ScaffoldError) as error:
        raise click.ClickException(str(error)) from None
    for path in touched:
        click.echo(f"written: {path}")
    click.echo(
        f'Next: just migration "add {tag}", then just queries, then make the rules and the tests yours, then just check.'
    )


if __name__ == "__main__":
    main(prog_name="python -m dev.scaffold")
