"""Change the roles of people who sign in with a password."""

import click
from pydantic_core import PydanticCustomError
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.run import run_with_session
from app.core.permissions import Role
from app.models.users import User
from app.schemas.additions.accounts import normalise_email
from app.services import accounts, users


@click.command()
@click.argument("person", nargs=-1, metavar="[PROVIDER SUBJECT]")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@click.option("--email", help="Address that the person signs in with, instead of PROVIDER and SUBJECT.")
def set_role(person: tuple[str, ...], role: str, email: str | None) -> None:
    """Give a person another role: `set-role --email ada@example.com staff`."""
    if (email is None) is not (len(person) == 2):  # noqa: PLR2004 - provider and subject
        raise click.UsageError("say who: --email ADDRESS, or PROVIDER and SUBJECT as `users` lists them")

    async def work(session: AsyncSession) -> User:
        subject = person or (accounts.PROVIDER, await accounts.get_subject(session, email=_normal(email or "")))
        return await users.set_role(session, auth_provider=subject[0], auth_subject=subject[1], role=Role(role))

    click.echo(f"{run_with_session(work).id} is {role}")


def _normal(email: str) -> str:
    try:
        return normalise_email(email.strip())
    except PydanticCustomError as error:
        raise click.BadParameter(str(error), param_hint="--email") from None
