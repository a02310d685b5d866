"""Make, list and change users by hand."""

import click
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.run import run_with_session
from app.core.catalogues import catalogues
from app.core.i18n import DEFAULT
from app.core.permissions import Role
from app.models.users import User
from app.services import users as service


@click.command()
@click.argument("provider")
@click.argument("subject")
@click.option("--name", required=True, help="Name to show.")
@click.option(
    "--locale", type=click.Choice([DEFAULT, *catalogues()]), default=DEFAULT, show_default=True, help="Language."
)
def create_user(provider: str, subject: str, name: str, locale: str) -> None:
    """Make the user whom PROVIDER knows as SUBJECT, or show the one that is there."""

    async def work(session: AsyncSession) -> User:
        return await service.create(
            session, auth_provider=provider, auth_subject=subject, display_name=name, locale=locale
        )

    click.echo(run_with_session(work).id)


@click.command()
@click.argument("provider")
@click.argument("subject")
@click.argument("role", type=click.Choice([role.value for role in Role]))
def set_role(provider: str, subject: str, role: str) -> None:
    """Give the user whom PROVIDER knows as SUBJECT another role; `users` lists both."""

    async def work(session: AsyncSession) -> User:
        return await service.set_role(session, auth_provider=provider, auth_subject=subject, role=Role(role))

    click.echo(f"{run_with_session(work).id} is {role}")


@click.command()
@click.argument("text", default="")
@click.option("--role", type=click.Choice([role.value for role in Role]), help="Only people with this role.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many, newest first.")
def users(text: str, role: str | None, limit: int) -> None:
    """List people whose name or subject contains TEXT: role, provider, subject and name, as `set-role` takes them."""

    async def work(session: AsyncSession) -> list[User]:
        return await service.search(session, text=text, role=Role(role) if role else None, limit=limit)

    for user in run_with_session(work):
        click.echo(f"{user.role:<8} {user.auth_provider} {user.auth_subject} {user.display_name}")
