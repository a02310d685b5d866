"""A cache whose every miss is computed once, by however many callers and in however many processes it is met."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from hashlib import sha256
from typing import Final, TypeVar, cast
from uuid import UUID

from app.cache.entries import Entries, Kind, Question
from app.cache.store import Store
from app.core.logging import get_logger

log = get_logger(__name__)
Value = TypeVar("Value")

POLL_SECONDS: Final = 0.02


class Cache:
    """`get` answers from the store or computes; `forget` makes everything with a tag a miss, in all processes that share the store."""

    def __init__(self, store: Store) -> None:
        self._entries = Entries(store)
        self._flights: dict[str, asyncio.Task[object]] = {}
        self._waiting: Counter[asyncio.Task[object]] = Counter()
        self.results = Counter({"hit": 0, "stale": 0, "miss": 0})

    async def get(
        self,
        kind: Kind[Value],
        *key: str | int | UUID | None,
        caller: UUID | None,
        language: str | None,
        tags: tuple[str, ...] = (),
        compute: Callable[[], Awaitable[Value]],
    ) -> Value:
        """The answer of a kind for a key, for one caller and in one language; None where it is the same for all.

        `tags`, besides the name of the kind, are what `forget` knows it by. `compute` may outlive the request: it opens what it needs itself,
        and takes no session of a request. Its errors go to everybody who waits for it and are not kept.
        """
        digest = sha256(repr((kind.name, *map(str, key), str(caller), language)).encode()).hexdigest()
        question = Question(kind, f"entry:{digest}", (kind.name, *tags), compute)
        if question.name not in self._flights and (entry := await self._entries.read(question)):
            self.results["hit" if entry.is_fresh else "stale"] += 1
            if not entry.is_fresh:
                self._fly(f"refresh:{digest}", self._refresh(question))
            return entry.value
        self.results["miss"] += 1
        work: Coroutine[None, None, Value] = self._find_or_compute(question)
        flight = self._fly(question.name, work)
        self._waiting[flight] += 1
        try:
            return cast("Value", await asyncio.shield(flight))  # the name says the type
        finally:
            self._leave(question, flight)

    async def forget(self, *tags: str) -> None:
        """Make every answer with one of these tags, or of the kind of this name, a miss. Call it after the commit."""
        for tag in tags:
            await self._entries.change(tag)

    async def close(self) -> None:
        """End what is still being computed."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def _fly(self, name: str, work: Coroutine[None, None, object]) -> asyncio.Task[object]:
        """The one task of this process that works on a name: callers who leave do not end it."""
        if name in self._flights:
            work.close()
            return self._flights[name]
        flight = self._flights[name] = asyncio.create_task(work)
        flight.add_done_callback(lambda done: self._land(name, done))
        return flight

    def _leave(self, question: Question[Value], flight: asyncio.Task[object]) -> None:
        """One who has waited goes."""
        self._waiting[flight] -= 1
        if not self._waiting[flight]:
            del self._waiting[flight]
            if question.kind.for_callers and not flight.done():
                del self._flights[question.name]  # so that nobody joins it any more
                flight.cancel()

    def _land(self, name: str, done: asyncio.Task[object]) -> None:
        if self._flights.get(name) is done:
            del self._flights[name]
        if not done.cancelled():
            done.exception()  # those who wait have it; nobody may be left

    async def _find_or_compute(self, question: Question[Value]) -> Value:
        """Compute, unless another process does so: then wait for what it finds, or for its end."""
        deadline = time.monotonic() + question.kind.within
        while True:
            async with self._entries.alone(question) as alone:
                entry = await self._entries.read(question)  # another may just have written it
                if entry and entry.is_fresh:
                    return entry.value
                if alone or time.monotonic() > deadline:
                    return await self._entries.compute(question)
            await asyncio.sleep(POLL_SECONDS)

    async def _refresh(self, question: Question[Value]) -> None:
        async with self._entries.alone(question) as alone:
            try:
                if alone:
                    await self._entries.compute(question)
            except Exception:  # nobody waits for it, and the stale answer still stands
                log.exception("cached answer not refreshed", kind=question.kind.name)
