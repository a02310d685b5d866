"""The caller's own profile."""

from typing import Annotated

from fastapi import APIRouter, Depends

from app.api.deps import ReadSession, Session, require_permission
from app.api.openapi import BODY_ERRORS, problems
from app.core.permissions import Permission
from app.models.users import User
from app.schemas.users import UserRead, UserUpdate
from app.services import users
from app.services.users import Caller

router = APIRouter(prefix="/users", tags=["users"])
MayRead = Annotated[Caller, Depends(require_permission(Permission.PROFILE_READ))]
MayWrite = Annotated[Caller, Depends(require_permission(Permission.PROFILE_WRITE))]


@router.get("/me", response_model=UserRead)
async def read_me(user: MayRead, reader: ReadSession) -> users.Profile:
    """Show the caller's profile; it is made at the first sign-in."""
    return await users.read(reader, user_id=user.id)


@router.patch(
    "/me",
    response_model=UserRead,
    responses=problems(*BODY_ERRORS, 404),
)
async def update_me(data: UserUpdate, user: MayWrite, session: Session) -> User:
    """Change the caller's name or language."""
    return await users.update(session, user_id=user.id, data=data)
