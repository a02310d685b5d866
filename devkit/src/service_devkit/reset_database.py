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
    cluster = embedded_cluster()
    if cluster.shared.exists():
        from service_devkit.postgres.copies import drop  # noqa: PLC0415 - needs file locks, which Windows lacks

        with cluster:
            drop(cluster, cluster.database)
    else:
        cluster.delete()
    click.echo("The development database is deleted.")
