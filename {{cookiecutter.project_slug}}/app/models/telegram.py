"""Telegram's init data that was exchanged for an access token."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import OVER, Base


class TelegramExchange(Base):
    """Init data that must not be exchanged again; once it is too old for that anyway, the row is forgotten."""

    __tablename__ = "telegram_exchanges"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True, info=OVER)
