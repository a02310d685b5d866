"""`python -m dev sign-in`: a ready `Authorization` header. Every module is one way to sign in."""

from service_devkit.sign_in import SignIn
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.provider import build_authenticator
from app.cli.run import run_with_session
from app.core.permissions import Role
from app.core.settings import load_settings
from app.services import users


def give_role(authorization: str, role: str) -> None:
    """Give the person of a header a role in the development database."""

    async def work(session: AsyncSession) -> None:
        principal = await build_authenticator(load_settings()).authenticate([authorization])
        known = {"auth_provider": principal.provider, "auth_subject": principal.subject}
        await users.create(session, **known, display_name=principal.display_name, locale=principal.locale)
        await users.set_role(session, **known, role=Role(role))

    run_with_session(work)


sign_in = SignIn(__name__, __path__, roles=[role.value for role in Role], give_role=give_role)
authorizations = sign_in.authorizations
authorizations_by_role = sign_in.authorizations_by_role
