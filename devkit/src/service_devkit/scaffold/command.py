"""`devkit scaffold TAG`: model, service, routes and tests of a noun that the contract describes."""

import click

from service_devkit.contract.document import read
from service_devkit.contract.layout import contract_of
from service_devkit.project import find_root
from service_devkit.scaffold.access import ScaffoldError
from service_devkit.scaffold.files import left_of, write
from service_devkit.scaffold.resource import resource_of


@click.command()
@click.argument("tag")
def scaffold(tag: str) -> None:
    """Write the first version of the resource that the contract calls TAG, such as "reading lists". Nothing is overwritten.

    Run `just generate` before it, which writes the types.
    """
    root = find_root()
    try:
        resource = resource_of(read(contract_of(root)), tag)
        touched = write(resource, root)
    except ScaffoldError as error:
        raise click.ClickException(str(error)) from None
    for path in touched:
        click.echo(f"written: {path}")
    for line in left_of(resource, root):
        click.echo(f"left to you: {line}")
    click.echo(
        f'Next: just migrate, then just migration "add {tag}", then just queries, then make the rules and the tests yours, then just check.'
    )
