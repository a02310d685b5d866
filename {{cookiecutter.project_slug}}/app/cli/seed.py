"""Fill a database with example data."""

from collections import Counter

import click
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.run import run_with_session
from app.core.settings import load_settings
from app.seeds import seed_all
from app.seeds.files import locales


@click.command()
@click.option("--force", is_flag=True, help="Seed even outside development.")
@click.option("--locale", type=click.Choice(locales()), multiple=True, help="Only this language; all without it.")
def seed(*, force: bool, locale: tuple[str, ...]) -> None:
    """Add example data in each language. Running it again adds nothing."""
    if load_settings().is_deployed and not force:
        raise click.ClickException("this is not a development database; use --force if you mean it")

    async def work(session: AsyncSession) -> Counter[str]:
        added: Counter[str] = Counter()
        for each in locale or locales():
            added.update(await seed_all(session, each))
        return added

    added = run_with_session(work)
    click.echo(", ".join(f"{count} {noun}" for noun, count in added.items()) + " added")
