"""`devkit reset-database`: begin again with an empty development database."""

import click

from service_devkit.database import embedded_cluster, given_url


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--test",
    "of_tests",
    is_flag=True,
    help="Instead, what killed test runs left on the server that DATABASE_URL of the environment names.",
)
def reset_database(yes: bool, of_tests: bool) -> None:
    """Delete the project's own development database. The next `devkit run` makes a new one."""
    if of_tests:
        _reset_tests(yes=yes)
        return
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


def _reset_tests(*, yes: bool) -> None:
    """Delete the databases of test runs that nobody is connected to. Without a server of their own, tests leave none."""
    from service_devkit.fixtures.postgres import drop_leftovers, given_server_url, leftovers  # noqa: PLC0415 - imports pytest

    url = given_server_url()
    if url is None:
        click.echo(
            "Tests run on a PostgreSQL that is thrown away, as DATABASE_URL is not set: there is nothing to reset."
        )
        return
    found = leftovers(url)
    if found and not yes:
        click.confirm(f"Delete {', '.join(found)}?", abort=True)
    drop_leftovers(url, found)
    click.echo(f"{len(found)} databases of test runs are deleted.")
