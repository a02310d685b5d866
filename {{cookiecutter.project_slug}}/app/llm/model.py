"""The language model of the service: a provider behind the port, with a budget for each caller and a row for each answer."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from uuid import UUID

from app.core.logging import get_logger
from app.core.settings.llm import LlmSettings
from app.db.database import Database
from app.llm import usage
from app.llm.completion import Completion, Message, Spent

log = get_logger(__name__)


class LanguageModel:
    """Answers conversations. While the provider works no database connection is held."""

    def __init__(self, completion: Completion, database: Database, settings: LlmSettings) -> None:
        self.settings = settings
        self.tokens = Counter({"in": 0, "out": 0})
        self._completion = completion
        self._database = database
        self._settling: set[asyncio.Task[None]] = set()

    async def stream(
        self, messages: Sequence[Message], *, caller: UUID | None, as_json: bool = False
    ) -> AsyncGenerator[str, None]:
        """The parts of an answer; the first is empty, and says that the caller's budget allows it. Close it early, and the provider is let go of.

        Raises:
            TokenBudgetUsedUp: before the first part.
            ModelUnavailable: instead of the second.
            AnswerCutOff: in place of any other.
        """
        reservation = await usage.reserve(self._database, self.settings, messages, caller=caller)
        spent = Spent()
        try:
            yield ""
            async with aclosing(self._completion.stream(messages, spent=spent, as_json=as_json)) as texts:
                async for text in texts:
                    yield text
        finally:
            settling = asyncio.create_task(self._settle(reservation, spent))
            self._settling.add(settling)
            settling.add_done_callback(self._settling.discard)
            await asyncio.shield(settling)  # also where the caller has left: what was paid is recorded

    async def complete(self, messages: Sequence[Message], *, caller: UUID | None, as_json: bool = False) -> str:
        """A whole answer; raises what `stream` does."""
        async with aclosing(self.stream(messages, caller=caller, as_json=as_json)) as texts:
            return "".join([text async for text in texts])

    async def close(self) -> None:
        """Wait for the rows that are being written."""
        await asyncio.gather(*self._settling, return_exceptions=True)

    async def _settle(self, reservation: usage.Reservation, spent: Spent) -> None:
        try:
            tokens_in, tokens_out = await usage.settle(self._database, self.settings, reservation, spent)
            self.tokens.update({"in": tokens_in, "out": tokens_out})
        except Exception:  # the answer stands; what was reserved for it remains in the row
            log.exception("usage of a language model not recorded", model=spent.model)
