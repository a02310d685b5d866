"""`devkit reset-database`: begin again with an empty development database."""

import click

from service_devkit.database import embedded_cluster, given_url


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset_database(yes: bool) -> None:
    """Delete the project's own development database. The next `devkit run` makes a new one."""
    if given_url() is not None:
        raise click.ClickException(
            "DATABASE_URL is set. Only the project's own database in .dev/postgres is ever deleted."
        )
    if not yes:
        click.confirm("Delete all data of the development database?", abort=True)
    embedded_cluster().delete()
    click.echo("The development database is deleted.")
