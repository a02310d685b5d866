"""Sessions: where people are signed in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import OVER, Base, Identified


class RefreshSession(Identified, Base):
    """One sign-in on one device, and with it every refresh token that follows from it.

    `id` is public: it stands in access tokens. `selector` is not: it finds the row of a refresh token. Of the tokens themselves only SHA-256 hashes
    are stored: of the newest, and of the one before.
    """

    __tablename__ = "sessions"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    selector: Mapped[str] = mapped_column(unique=True)
    verifier_hash: Mapped[bytes] = mapped_column(LargeBinary)
    previous_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    user_agent: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    rotated_at: Mapped[datetime]
    idle_until: Mapped[datetime] = mapped_column(info=OVER)
    expires_at: Mapped[datetime] = mapped_column(info=OVER)
    revoked_at: Mapped[datetime | None] = mapped_column(info=OVER)
