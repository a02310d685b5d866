"""A cache whose every miss is computed once, by however many callers and in however many processes it is met."""

import asyncio
import random
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Generic, TypeVar, cast
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from app.cache.store import Store
from app.core.logging import get_logger

log = get_logger(__name__)
Value = TypeVar("Value")

JITTER: Final = 0.1  # what was computed at one time does not expire at one time
VERSION_SECONDS: Final = 2 * 86_400
MAX_SECONDS: Final = 86_400
LOCK_SECONDS: Final = 10.0  # after which a process that computes counts as dead
POLL_SECONDS: Final = 0.02


class Kind(Generic[Value]):
    """A kind of answer: a name that no other kind has, its type, and how long it is good.

    For `stale` seconds more it is answered at once while one caller's process computes the next. A value is kept as JSON: what does not fit
    the type, because a release has changed it, is computed again.
    """

    def __init__(self, name: str, of: type[Value], *, seconds: float, stale: float = 0) -> None:
        if not 0 < seconds + stale <= MAX_SECONDS:
            raise ValueError(f"{name}: seconds and stale must be at most {MAX_SECONDS} together")
        self.name, self.seconds, self.stale = name, seconds, stale
        self.adapter: TypeAdapter[Value] = TypeAdapter(of)


@dataclass(frozen=True)
class _Entry(Generic[Value]):
    value: Value
    is_fresh: bool


class Cache:
    """`get` answers from the store or computes; `forget` makes everything with a tag a miss, in all processes that share the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._flights: dict[str, asyncio.Task[object]] = {}

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
        name = "entry:" + sha256(repr((kind.name, *map(str, key), str(caller), language)).encode()).hexdigest()
        tags = (kind.name, *tags)
        if name not in self._flights:
            entry = await self._read(kind, name, tags)
            if entry:
                if not entry.is_fresh:
                    self._fly(name, self._refresh(kind, name, tags, compute))
                return entry.value
        work: Coroutine[None, None, Value] = self._find_or_compute(kind, name, tags, compute)
        return cast(
            "Value", await asyncio.shield(self._fly(name, work))
        )  # the name says the kind, and with it the type

    async def forget(self, *tags: str) -> None:
        """Make every answer with one of these tags, or of the kind of this name, a miss. Call it after the commit."""
        for tag in tags:
            await self._store.write(_version(tag), _token(), seconds=VERSION_SECONDS)

    async def close(self) -> None:
        """End what is still being computed."""
        for flight in self._flights.values():
            flight.cancel()
        await asyncio.gather(*self._flights.values(), return_exceptions=True)

    def _fly(self, name: str, work: Coroutine[None, None, object]) -> asyncio.Task[object]:
        """The one task of this process that works on a name: callers who leave do not end it."""
        if name in self._flights:
            work.close()
            return self._flights[name]
        flight = self._flights[name] = asyncio.create_task(work)
        flight.add_done_callback(lambda done: self._land(name, done))
        return flight

    def _land(self, name: str, done: asyncio.Task[object]) -> None:
        del self._flights[name]
        if not done.cancelled():
            done.exception()  # seen: those who wait have it, and the callers of a refresh have their answer

    async def _read(self, kind: Kind[Value], name: str, tags: tuple[str, ...]) -> _Entry[Value] | None:
        kept, *versions = await self._store.read(name, *map(_version, tags))
        if kept is None or None in versions:
            return None
        head, _, body = kept.partition(b"\n")
        fresh_until, *known = head.split(b" ")
        if known != versions:
            return None
        try:
            return _Entry(kind.adapter.validate_json(body), time.time() < float(fresh_until))
        except ValidationError:
            return None

    async def _find_or_compute(
        self, kind: Kind[Value], name: str, tags: tuple[str, ...], compute: Callable[[], Awaitable[Value]]
    ) -> Value:
        """Compute, unless another process does so: then wait for what it finds, or for its end."""
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            async with self._alone(name) as alone:
                entry = await self._read(kind, name, tags)  # another may have just written it
                if entry and entry.is_fresh:
                    return entry.value
                if alone or time.monotonic() > deadline:
                    return await self._compute(kind, name, tags, compute)
            await asyncio.sleep(POLL_SECONDS)

    async def _refresh(
        self, kind: Kind[Value], name: str, tags: tuple[str, ...], compute: Callable[[], Awaitable[Value]]
    ) -> None:
        async with self._alone(name) as alone:
            try:
                if alone:
                    await self._compute(kind, name, tags, compute)
            except Exception:
                log.exception("cached answer not refreshed", kind=kind.name)

    async def _compute(
        self, kind: Kind[Value], name: str, tags: tuple[str, ...], compute: Callable[[], Awaitable[Value]]
    ) -> Value:
        versions = [
            await self._version_of(tag) for tag in tags
        ]  # as they are before: a change meanwhile makes it a miss
        value = await compute()
        good_for = kind.seconds * random.uniform(1 - JITTER, 1)  # noqa: S311 - no secret
        head = b" ".join([b"%.3f" % (time.time() + good_for), *versions])
        body = kind.adapter.dump_json(value)
        await self._store.write(name, head + b"\n" + body, seconds=good_for + kind.stale)
        return kind.adapter.validate_json(body)  # what the next caller gets: no object is shared

    async def _version_of(self, tag: str) -> bytes:
        """The version of a tag. One that was lost is made up again, so that what is older never counts."""
        for _ in range(2):
            if (version := (await self._store.read(_version(tag)))[0]) is not None:
                return version
            await self._store.add(_version(tag), _token(), seconds=VERSION_SECONDS)
        return _token()

    @asynccontextmanager
    async def _alone(self, name: str) -> AsyncIterator[bool]:
        """Whether this is the only process inside such a block."""
        mine = _token()
        alone = await self._store.add(f"lock:{name}", mine, seconds=LOCK_SECONDS)
        try:
            yield alone
        finally:
            if alone:
                await self._store.remove(f"lock:{name}", mine)


def _version(tag: str) -> str:
    return f"version:{sha256(tag.encode()).hexdigest()}"


def _token() -> bytes:
    return secrets.token_hex(8).encode()
