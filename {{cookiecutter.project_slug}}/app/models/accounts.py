"""Accounts: what a person signs in with."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Timestamped


class Account(Timestamped, Base):
    """The login name and the password of one person.

    `email` is normalised, see `app.schemas.accounts`. `password_changed_at` names the password that is valid: it changes with every new one, and
    not when the same one is hashed again.
    """

    __tablename__ = "accounts"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    password_changed_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
