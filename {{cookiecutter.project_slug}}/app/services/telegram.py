"""Telegram's init data can be exchanged once."""

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.telegram import TelegramExchange

# For init data from a clock that is ahead, and for clocks of this service that differ.
MARGIN: Final = timedelta(minutes=5)
# More than one exchange adds, so that the table shrinks, and too few to notice.
CLEANUP_BATCH: Final = 10


async def consume(session: AsyncSession, *, digest: bytes, acceptable_for: timedelta) -> bool:
    """Note that init data is being exchanged. False when it was before; of several at the same moment, one gets True.

    The note is kept for as long as the init data could be exchanged again. That is counted from now on by the database's clock, so it
    does not matter whether other clocks agree with it.
    """
    await _delete_expired(session)
    expires_at = func.now() + acceptable_for + MARGIN
    statement = insert(TelegramExchange).values(digest=digest, expires_at=expires_at).on_conflict_do_nothing()
    return await session.scalar(statement.returning(TelegramExchange.digest)) is not None


async def _delete_expired(session: AsyncSession) -> None:
    expired = (
        select(TelegramExchange.digest)
        .where(TelegramExchange.expires_at < func.now())
        .order_by(TelegramExchange.expires_at)
        .limit(CLEANUP_BATCH)
        .with_for_update(skip_locked=True)  # another exchange is forgetting those
    )
    await session.execute(delete(TelegramExchange).where(TelegramExchange.digest.in_(expired)))
