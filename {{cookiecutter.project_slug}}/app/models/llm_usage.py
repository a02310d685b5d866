"""What language models have cost, and for whom."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import OVER, Base, Identified


class LlmUsage(Identified, Base):
    """One answer. Made before the model is asked, with as many tokens as the answer may take; what it took replaces them afterwards.

    `is_partial` is true until then, and stays so for an answer that was not finished: its tokens are an estimate where the provider did not
    say. `cost` is in millionths of whatever the prices are in.
    """

    __tablename__ = "llm_usage"

    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    model: Mapped[str] = mapped_column(server_default="")
    tokens_in: Mapped[int]
    tokens_out: Mapped[int]
    is_partial: Mapped[bool]
    cost: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    forget_at: Mapped[datetime] = mapped_column(info=OVER)


# How much somebody has used today.
Index(None, LlmUsage.user_id, LlmUsage.created_at)
