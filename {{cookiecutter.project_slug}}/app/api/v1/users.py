"""The caller's own profile."""

from fastapi import APIRouter, Depends

from app.api.deps import CurrentUser, Reading, Session, require
from app.api.openapi import BODY_ERRORS, problems
from app.core.permissions import Permission
from app.models.users import User
from app.schemas.users import UserRead, UserUpdate
from app.services import users

router = APIRouter(prefix="/users", tags=["users"])


@router.get("/me", dependencies=[Depends(require(Permission.PROFILE_READ))], response_model=UserRead)
async def read_me(user: CurrentUser, reader: Reading) -> users.Profile:
    """Show the caller's profile; it is made at the first sign-in."""
    return await users.read(reader, user_id=user.id)


@router.patch(
    "/me",
    dependencies=[Depends(require(Permission.PROFILE_WRITE))],
    response_model=UserRead,
    responses=problems(*BODY_ERRORS, 404),
)
async def update_me(data: UserUpdate, user: CurrentUser, session: Session) -> User:
    """Change the caller's name or language."""
    return await users.update(session, user_id=user.id, data=data)
