"""Who has used how many tokens: reserved before a model is asked, settled afterwards, each in a session of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, update

from app.core.settings.llm import LlmSettings
from app.db.database import Database
from app.llm.completion import Message, Spent, TokenBudgetUsedUp
from app.models.llm_usage import LlmUsage
from app.models.users import User

CHARACTERS_OF_A_TOKEN: Final = 4  # in English, about; where the provider does not say how many there were


@dataclass(frozen=True)
class Reservation:
    """The row of one answer, and how many tokens its question has, about."""

    id: UUID
    tokens_in: int


async def reserve(
    database: Database, settings: LlmSettings, messages: Sequence[Message], *, caller: UUID | None
) -> Reservation:
    """Take what an answer may need from the caller's budget of today; a caller that is None has none.

    Raises:
        TokenBudgetUsedUp: not enough is left. Requests at the same time do not get more together than one after the other.
    """
    now, tokens_in = datetime.now(UTC), _estimate(sum(len(each.content) for each in messages))
    row = LlmUsage(
        user_id=caller,
        tokens_in=tokens_in,
        tokens_out=settings.llm_answer_tokens,
        is_partial=True,
        forget_at=now + timedelta(days=settings.llm_usage_days),
    )
    async with database.session() as session:
        if caller and settings.llm_tokens_per_day:
            await session.execute(select(User.id).where(User.id == caller).with_for_update(key_share=True))
            midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
            used = await session.scalar(
                select(func.coalesce(func.sum(LlmUsage.tokens_in + LlmUsage.tokens_out), 0)).where(
                    LlmUsage.user_id == caller, LlmUsage.created_at >= midnight
                )
            )
            if (used or 0) + row.tokens_in + row.tokens_out > settings.llm_tokens_per_day:
                raise TokenBudgetUsedUp(retry_after=(midnight + timedelta(days=1) - now).total_seconds())
        session.add(row)
    return Reservation(row.id, tokens_in)


async def settle(database: Database, settings: LlmSettings, reservation: Reservation, spent: Spent) -> tuple[int, int]:
    """Put what an answer has taken in place of what was reserved for it; its tokens, in and out."""
    tokens_in = (reservation.tokens_in if spent.model else 0) if spent.tokens_in is None else spent.tokens_in
    tokens_out = _estimate(spent.characters) if spent.tokens_out is None else spent.tokens_out
    prices = settings.llm_price_of.get(spent.model)
    async with database.session() as session:
        await session.execute(
            update(LlmUsage)
            .where(LlmUsage.id == reservation.id)
            .values(
                model=spent.model,
                tokens_in=tokens_in,
                tokens_out=tokens_out,
                is_partial=not spent.is_whole,
                cost=round(tokens_in * prices[0] + tokens_out * prices[1]) if prices else None,
            )
        )
    return tokens_in, tokens_out


def _estimate(characters: int) -> int:
    return -(-characters // CHARACTERS_OF_A_TOKEN)
