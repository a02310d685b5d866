"""Links for the owners of accounts: the address is confirmed or changed by one, and a forgotten password is replaced."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends, Request, status

from app import jobs
from app.api.accounts_deps import FailedAttempts, Parts, attempts_of, password_is_email
from app.api.deps import ReadSession, Session, get_database, limit_address, require_permission
from app.api.openapi import BODY_ERRORS, problems
from app.core.permissions import Permission
from app.core.rate_limit import address_of
from app.jobs.account_links import send_confirmation, send_notice, send_reset
from app.schemas.account_links import EmailRead, Link
from app.schemas.additions.account_links import EmailChange, ForgottenPassword, PasswordReset
from app.schemas.additions.accounts import is_email_name
from app.services import account_links, accounts
from app.services.users import Caller

public_router = APIRouter(prefix="/auth", tags=["account links"], dependencies=[Depends(limit_address)])
router = APIRouter(prefix="/auth", tags=["account links"])
Owner = Annotated[Caller, Depends(require_permission(Permission.PROFILE_READ))]
NO_CONTENT = status.HTTP_204_NO_CONTENT


@router.get("/email", responses=problems(404))
async def get_email(user: Owner, reader: ReadSession) -> EmailRead:
    """The caller's address, and whether it is confirmed."""
    return EmailRead.model_validate(await account_links.read_email(reader, user_id=user.id))


@router.post("/email/confirmation", status_code=NO_CONTENT, responses=problems(404))
async def send_email_confirmation(user: Owner, reader: ReadSession, session: Session) -> None:
    """Send the link that confirms the caller's address again."""
    row = await account_links.read_email(reader, user_id=user.id)
    await jobs.enqueue(session, send_confirmation, user_id=user.id, email=row.email)


@router.put("/email", status_code=NO_CONTENT, responses=problems(*BODY_ERRORS, 404))
async def change_email(data: EmailChange, user: Owner, parts: Parts, reader: ReadSession, request: Request) -> None:
    """Send a link to another address: it becomes the caller's when the link is followed."""
    database = get_database(request)
    email = (await account_links.read_email(reader, user_id=user.id)).email
    known = await accounts.authenticate(
        database,
        email=email,
        password=data.current_password,
        passwords=parts.passwords,
        attempts=attempts_of(request, email),
    )
    if known is None:
        raise accounts.wrong_password()
    await _count(request, _link_to(data.email))
    async with database.session() as session:
        await jobs.enqueue(session, send_confirmation, user_id=user.id, email=data.email)


@public_router.post("/email/confirm", status_code=NO_CONTENT, responses=problems(*BODY_ERRORS, 404, 409, 429, 503))
async def confirm_email(data: Link, session: Session) -> None:
    """Confirm the address that a link was sent to; it is the account's from now on, and the one before hears of it."""
    before = await account_links.confirm(session, token=data.token)
    if before:
        await jobs.enqueue(session, send_notice, notice="email_changed", email=before.email, locale=before.locale)


@public_router.post("/password/forgot", status_code=NO_CONTENT, responses=problems(*BODY_ERRORS, 429, 503))
async def forget_password(data: ForgottenPassword, session: Session, request: Request) -> None:
    """Ask for a link that resets the password; the answer is the same when the address is nobody's."""
    await _count(request, f"link:{address_of(request)}", _link_to(data.email))
    await jobs.enqueue(session, send_reset, email=data.email)


@public_router.post("/password/reset", status_code=NO_CONTENT, responses=problems(*BODY_ERRORS, 404, 429, 503))
async def reset_password(data: PasswordReset, parts: Parts, reader: ReadSession, request: Request) -> None:
    """Choose a new password by a link, and sign out everywhere."""
    if is_email_name(data.new_password, await account_links.check_reset(reader, token=data.token)):
        raise password_is_email()
    password_hash = await parts.passwords.hash(data.new_password)
    async with get_database(request).session() as session:
        owner = await account_links.reset_password(
            session, token=data.token, password_hash=password_hash, now=datetime.now(UTC)
        )
        await jobs.enqueue(session, send_notice, notice="password_changed", email=owner.email, locale=owner.locale)


def _link_to(email: str) -> str:
    """What counts the links to one address, which is not kept in memory itself."""
    return f"link:{sha256(email.encode()).hexdigest()}"


async def _count(request: Request, *keys: str) -> None:
    """Count a link; raise `TooManyRequests` when one of the keys has too many."""
    asked = FailedAttempts(request.app.state.rate_limiter, keys)
    await asked.check()
    await asked.count()
