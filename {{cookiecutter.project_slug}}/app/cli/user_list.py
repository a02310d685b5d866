"""Look at people."""

import click
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.run import run_with_session
from app.core.permissions import Role
from app.models.users import User
from app.services import users as service


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
