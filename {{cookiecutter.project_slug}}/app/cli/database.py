"""Bring the database up to date."""

import signal

import click
from sqlalchemy.exc import SQLAlchemyError

from app.core.settings import load_settings
from app.db.causes import cause_of


@click.command()
@click.option("--down-to", metavar="REVISION", help="Go back to this revision instead; `base` undoes every migration.")
@click.option("--adopt", is_flag=True, help="Take the database as this service's own, whatever it says; look twice.")
def migrate(down_to: str | None, *, adopt: bool) -> None:
    """Apply the migrations that the database does not have yet."""
    from app.db import migrations  # noqa: PLC0415 - brings Alembic, which the other commands do without

    load_settings()
    # SIGTERM is Ctrl-C, which asyncio makes a cancelled statement, where nothing has made it ignored (as a shell's `&` does).
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        if down_to is not None:
            migrations.downgrade(down_to)
        elif not migrations.upgrade(adopt=adopt):
            click.echo("nothing to do: the database is ahead of this release, which works with it")
            return
    except KeyboardInterrupt:
        raise click.ClickException(
            "stopped. The revisions that were through stay, the one under way is not recorded; run it again"
        ) from None
    except migrations.CommandError as error:
        raise click.ClickException(str(error)) from None
    except SQLAlchemyError as error:
        raise click.ClickException(cause_of(error)) from error
    click.echo(f"migrated to {down_to or 'head'}")
