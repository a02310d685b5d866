"""What is remembered of Clerk's webhook."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class ClerkMessage(Base):
    """A message that had its effect; the same id again has none."""

    __tablename__ = "clerk_messages"

    id: Mapped[str] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp(), index=True)


class ClerkUser(Base):
    """The newest change of a user that Clerk has reported: when it happened, by Clerk's clock, in milliseconds since 1970."""

    __tablename__ = "clerk_users"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    changed_at: Mapped[int] = mapped_column(BigInteger)
