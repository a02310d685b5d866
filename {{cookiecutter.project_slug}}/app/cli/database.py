"""Bring the database up to date."""

import click

from app.core.settings import load_settings
from app.db import migrations


@click.command()
@click.option("--down-to", metavar="REVISION", help="Go back to this revision instead; `base` undoes every migration.")
def migrate(down_to: str | None) -> None:
    """Apply the migrations that the database does not have yet."""
    load_settings()
    if down_to is None:
        migrations.upgrade()
    else:
        migrations.downgrade(down_to)
    click.echo(f"migrated to {down_to or 'head'}")
