"""The people who sign in."""

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Identified, Timestamped


class User(Identified, Timestamped, Base):
    """A person, known by the subject that the sign-in provider vouches for."""

    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("auth_provider", "auth_subject"),
        CheckConstraint("locale IN ('en', 'fr')", name="locale"),
    )

    auth_provider: Mapped[str]
    auth_subject: Mapped[str]
    display_name: Mapped[str]
    locale: Mapped[str] = mapped_column(server_default="en")
