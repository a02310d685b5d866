"""Bring the database up to date."""

import click
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from app.core.settings import load_settings
from app.db import migrations


@click.command()
@click.option("--down-to", metavar="REVISION", help="Go back to this revision instead; `base` undoes every migration.")
def migrate(down_to: str | None) -> None:
    """Apply the migrations that the database does not have yet."""
    load_settings()
    try:
        _go_to(down_to)
    except CommandError as error:
        raise click.ClickException(str(error)) from None
    except SQLAlchemyError as error:
        raise click.ClickException(str(getattr(error, "orig", error)).partition("\n")[0]) from error
    click.echo(f"migrated to {down_to or 'head'}")


def _go_to(down_to: str | None) -> None:
    if down_to is None:
        migrations.upgrade()
    else:
        migrations.downgrade(down_to)
