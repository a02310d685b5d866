"""Fill a database with example data."""

import click

from app.cli.run import run_with_session
from app.core.settings import load_settings
from app.seeds import seed_all


@click.command()
@click.option("--force", is_flag=True, help="Seed even outside development.")
def seed(*, force: bool) -> None:
    """Add example data in French and English. Running it again adds nothing."""
    if load_settings().is_deployed and not force:
        raise click.ClickException("this is not a development database; use --force if you mean it")
    added = run_with_session(seed_all)
    click.echo(", ".join(f"{count} {noun}" for noun, count in added.items()) + " added")
