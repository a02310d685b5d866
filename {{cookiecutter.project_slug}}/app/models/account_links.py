"""Links that were sent to the owner of an account, and the addresses that such a link has confirmed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import OVER, Base


class AccountLink(Base):
    """The newest link of a purpose that one person was sent, to `email`. Of its token only the SHA-256 is stored. `job_id` is the job that sends it."""

    __tablename__ = "account_links"
    __table_args__ = (CheckConstraint("purpose IN ('confirm', 'reset')", name="purpose"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.user_id", ondelete="CASCADE"), primary_key=True)
    purpose: Mapped[str] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    email: Mapped[str]
    job_id: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    expires_at: Mapped[datetime] = mapped_column(index=True, info=OVER)


class ConfirmedEmail(Base):
    """The address that a person has shown to read. It counts while it is the account's."""

    __tablename__ = "confirmed_emails"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.user_id", ondelete="CASCADE"), primary_key=True)
    email: Mapped[str]
    confirmed_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
