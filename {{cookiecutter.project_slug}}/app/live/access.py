"""What a person may do at this moment, not what was remembered of it."""

from uuid import UUID

from sqlalchemy import bindparam, select

from app.core.permissions import Role
from app.db.database import Reader
from app.models.users import User

_ROLE = select(User.role).where(User.id == bindparam("user_id"))


async def read_role(reader: Reader, *, user_id: UUID) -> Role:
    """The role as it is stored; of a person who is gone, that of one who may do nothing."""
    row = await reader.row(_ROLE, user_id=user_id)
    return Role(row.role) if row else Role.BLOCKED
