"""Study plans and the codes that they list."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, Identified, Timestamped


class StudyPlan(Identified, Timestamped, Base):
    """What one person wants to study."""

    __tablename__ = "study_plans"
    __table_args__ = (UniqueConstraint("owner_id", "title"),)

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    codes: Mapped[list["Code"]] = relationship(
        lazy="raise", cascade="all, delete-orphan", passive_deletes=True, order_by="Code.code"
    )


# The order of the list: newest first, and the same for rows of one moment.
Index(None, StudyPlan.owner_id, StudyPlan.created_at.desc(), StudyPlan.id.desc())


class Code(Identified, Timestamped, Base):
    """The code of a course, such as MATH-101."""

    __tablename__ = "codes"
    __table_args__ = (UniqueConstraint("study_plan_id", "code"),)

    study_plan_id: Mapped[UUID] = mapped_column(ForeignKey("study_plans.id", ondelete="CASCADE"))
    code: Mapped[str]
    label: Mapped[str] = mapped_column(server_default="")
