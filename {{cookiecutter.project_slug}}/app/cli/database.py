"""Bring the database up to date."""

import click

from app.core.settings import load_settings
from app.db.migrations import migrate as run_migrations


@click.command()
@click.option("--revision", default="head", show_default=True, help="Where to go.")
def migrate(revision: str) -> None:
    """Apply the migrations that the database does not have yet."""
    load_settings()
    run_migrations(revision)
    click.echo(f"migrated to {revision}")
