"""The people who sign in."""

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.i18n import MAX_TAG, TAG
from app.core.permissions import Role
from app.models.base import Base, Identified, Timestamped

_ROLES = ", ".join(f"'{role}'" for role in Role)


class User(Identified, Timestamped, Base):
    """A person, known by the subject of the sign-in provider.

    `provider_name` is what the provider called the person last: `display_name` follows it until the person chooses another.
    """

    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("auth_provider", "auth_subject"),
        CheckConstraint(f"locale ~ '^{TAG}$' AND length(locale) <= {MAX_TAG}", name="locale"),
        CheckConstraint(f"role IN ({_ROLES})", name="role"),
    )

    auth_provider: Mapped[str]
    auth_subject: Mapped[str]
    display_name: Mapped[str]
    provider_name: Mapped[str] = mapped_column(server_default="")
    locale: Mapped[str] = mapped_column(server_default="en")
    role: Mapped[str] = mapped_column(server_default="member")
