"""Signing in with a password, staying signed in, and signing out."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, status

from app.api.accounts_deps import Parts, SignInParts, attempts_of, refused
from app.api.deps import ReadSession, Session, get_database, limit_address, require_permission
from app.api.openapi import BODY_ERRORS, problems
from app.auth.guard import CurrentPrincipal
from app.core.permissions import Permission
from app.schemas.additions.sessions import Login
from app.schemas.sessions import RefreshToken, SessionList, SessionRead, Tokens
from app.services import accounts, sessions
from app.services.sessions import Issued
from app.services.users import Caller

public_router = APIRouter(prefix="/auth", tags=["sessions"], dependencies=[Depends(limit_address)])
router = APIRouter(prefix="/auth", tags=["sessions"])
# Who may read the profile may sign out, too.
Owner = Annotated[Caller, Depends(require_permission(Permission.PROFILE_READ))]


@public_router.post("/login", responses=problems(*BODY_ERRORS, 401, 429, 503))
async def login(data: Login, parts: Parts, request: Request) -> Tokens:
    """Sign in with a password; every refusal is the same."""
    database, now = get_database(request), datetime.now(UTC)
    account = await accounts.authenticate(
        database,
        email=data.email,
        password=data.password,
        passwords=parts.passwords,
        attempts=attempts_of(request, data.email),
    )
    if account is None:
        raise refused("wrong_password")
    newer = await accounts.rehash_if_outdated(data.password, account, passwords=parts.passwords)
    async with database.session() as session:
        if not await accounts.confirm(session, account, password_hash=newer):
            raise refused("password_changed")
        agent = request.headers.get("user-agent", "")
        issued = await sessions.start(session, user_id=account.user_id, user_agent=agent, rules=parts.rules, now=now)
    return _tokens(issued, parts, now)


@public_router.post("/refresh", responses=problems(*BODY_ERRORS, 401, 429, 503))
async def refresh(data: RefreshToken, parts: Parts, request: Request) -> Tokens:
    """Exchange a refresh token for the next pair; an old one ends the session."""
    now = datetime.now(UTC)
    async with get_database(request).session() as session:
        issued = await sessions.rotate(session, token=data.refresh_token, rules=parts.rules, now=now)
    if issued is None:  # said after the commit: what ended the session must not be rolled back
        raise refused("refresh_token")
    return _tokens(issued, parts, now)


@public_router.post("/logout", status_code=status.HTTP_204_NO_CONTENT, responses=problems(*BODY_ERRORS, 429, 503))
async def logout(data: RefreshToken, session: Session) -> None:
    """End the session of a refresh token; the answer is the same when there is none."""
    await sessions.end(session, token=data.refresh_token, now=datetime.now(UTC))


@router.get("/sessions")
async def list_sessions(user: Owner, principal: CurrentPrincipal, reader: ReadSession) -> SessionList:
    """List where the caller is signed in."""
    rows = await sessions.read_all(reader, user_id=user.id, now=datetime.now(UTC))
    places = [
        SessionRead(
            id=row.id,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            expires_at=row.expires_at,
            user_agent=row.user_agent,
            current=str(row.id) == principal.session,
        )
        for row in rows
    ]
    return SessionList(sessions=places)


@router.delete(
    "/sessions/{session_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(404, 422),
)
async def revoke_session(session_id: UUID, user: Owner, session: Session) -> None:
    """Sign out in one place."""
    await sessions.revoke(session, user_id=user.id, session_id=session_id, now=datetime.now(UTC))


@router.delete("/sessions", status_code=status.HTTP_204_NO_CONTENT)
async def logout_everywhere(user: Owner, session: Session) -> None:
    """Sign out everywhere, here too."""
    await sessions.revoke_all(session, user_id=user.id, now=datetime.now(UTC))


def _tokens(issued: Issued, parts: SignInParts, now: datetime) -> Tokens:
    subject, session = str(issued.user_id), str(issued.session_id)
    return Tokens(
        access_token=parts.access_tokens.issue(subject, session=session),
        token_type="Bearer",  # noqa: S106 - the name of a scheme
        expires_in=parts.access_tokens.lifetime,
        refresh_token=str(issued.token),
        refresh_expires_in=int((issued.expires_at - now).total_seconds()),
    )
