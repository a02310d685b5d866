"""People with a password: registration and changes."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response, status

from app.api.accounts_deps import Parts, attempts_of, limit_registrations, password_is_email
from app.api.deps import Session, get_database, limit_address, require_permission
from app.api.openapi import BODY_ERRORS, problems
from app.core.errors import Conflict
from app.core.i18n import gettext as _
from app.core.languages import language_of
from app.core.permissions import Permission
from app.schemas.accounts import RegistrationAccepted
from app.schemas.additions.accounts import PasswordChange, Registration
from app.services import accounts
from app.services.users import Caller

public_router = APIRouter(prefix="/auth", tags=["accounts"], dependencies=[Depends(limit_address)])
router = APIRouter(prefix="/auth", tags=["accounts"])
Owner = Annotated[Caller, Depends(require_permission(Permission.PROFILE_READ))]


@public_router.post(
    "/register",
    dependencies=[Depends(limit_registrations)],
    status_code=status.HTTP_202_ACCEPTED,
    responses={201: {"model": RegistrationAccepted}, **problems(*BODY_ERRORS, 409, 429, 503)},
)
async def register(
    data: Registration, parts: Parts, session: Session, request: Request, response: Response
) -> RegistrationAccepted:
    """Ask for an account; unless REGISTRATION_TELLS is set, the answer is the same when the address is taken."""
    is_new = await accounts.register(session, data=data, passwords=parts.passwords, locale=language_of(request.scope))
    for announce in getattr(request.app.state, "on_registration", ()):  # a part of the application may set it
        await announce(session, data.email, is_new)
    if request.app.state.settings.registration_tells:
        if not is_new:
            raise Conflict(_("There is an account with this address."), code="email_taken")
        response.status_code = status.HTTP_201_CREATED
    return RegistrationAccepted()


@router.put(
    "/password",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(*BODY_ERRORS, 404),
)
async def change_password(data: PasswordChange, user: Owner, parts: Parts, request: Request) -> None:
    """Change the password and sign out everywhere, here too."""
    database = get_database(request)
    email = await accounts.get_email(database, user_id=user.id)
    announcers = getattr(request.app.state, "on_password_change", ())  # a part of the application may set it
    try:
        await accounts.change_password(
            database,
            email=email,
            data=data,
            passwords=parts.passwords,
            attempts=attempts_of(request, email),
            now=datetime.now(UTC),
            announce=[partial(each, email=email, locale=user.locale) for each in announcers],
        )
    except accounts.PasswordIsEmailError:
        raise password_is_email() from None
