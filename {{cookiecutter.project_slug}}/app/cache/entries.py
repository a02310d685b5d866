"""What stands in the store: answers as JSON, the versions of their tags, and who computes."""

import random
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from app.cache.store import Store

Value = TypeVar("Value")

JITTER: Final = 0.1  # what was computed at one time does not expire at one time
MAX_SECONDS: Final = 86_400
VERSION_SECONDS: Final = 2 * MAX_SECONDS
LOCK_SECONDS: Final = 10.0  # after which a process that computes counts as dead


class Kind(Generic[Value]):
    """A kind of answer: a name that no other kind has, its type, and how long it is good.

    For `stale` seconds more it is answered at once while one process computes the next. A value is kept as JSON: what does not fit the type,
    because a release has changed it, is computed again. What computes for longer than `within` counts as dead. With `for_callers` a computation
    ends when all who wait for it have left: for one that costs more than its result is worth to nobody.
    """

    def __init__(
        self,
        name: str,
        of: type[Value],
        *,
        seconds: float,
        stale: float = 0,
        within: float = LOCK_SECONDS,
        for_callers: bool = False,
    ) -> None:
        if not 0 < seconds + stale <= MAX_SECONDS:
            raise ValueError(f"{name}: seconds and stale must be more than 0 and at most {MAX_SECONDS} together")
        self.name, self.seconds, self.stale = name, seconds, stale
        self.within, self.for_callers = within, for_callers
        self.adapter: TypeAdapter[Value] = TypeAdapter(of)


@dataclass(frozen=True)
class Question(Generic[Value]):
    """What is asked for, under the name that it has in the store."""

    kind: Kind[Value]
    name: str
    tags: tuple[str, ...]
    compute: Callable[[], Awaitable[Value]]


@dataclass(frozen=True)
class Entry(Generic[Value]):
    """An answer, and whether it is still good or only better than none."""

    value: Value
    is_fresh: bool


class Entries:
    """Answers in a store. Each carries the versions that its tags had before it was computed, and counts while they are the same."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def read(self, question: Question[Value]) -> Entry[Value] | None:
        """What is kept; None where there is nothing that fits."""
        kept, *versions = await self._store.read(question.name, *map(_version, question.tags))
        if kept is None or None in versions:
            return None
        head, _, body = kept.partition(b"\n")
        fresh_until, *known = head.split(b" ")
        if known != versions:
            return None
        try:
            return Entry(question.kind.adapter.validate_json(body), time.time() < float(fresh_until))
        except ValidationError:
            return None

    async def compute(self, question: Question[Value]) -> Value:
        """Compute and keep. The result is what the next one reads: no object is shared."""
        kind = question.kind
        versions = [await self._version_of(tag) for tag in question.tags]
        body = kind.adapter.dump_json(await question.compute())
        good_for = kind.seconds * random.uniform(1 - JITTER, 1)  # noqa: S311 - no secret
        head = b" ".join([b"%.3f" % (time.time() + good_for), *versions])
        await self._store.write(question.name, head + b"\n" + body, seconds=good_for + kind.stale)
        return kind.adapter.validate_json(body)

    async def change(self, tag: str) -> None:
        """Give a tag another version."""
        await self._store.write(_version(tag), _token(), seconds=VERSION_SECONDS)

    @asynccontextmanager
    async def alone(self, question: Question[Value]) -> AsyncIterator[bool]:
        """Whether this is the only process inside such a block."""
        name, mine = question.name, _token()
        is_alone = await self._store.add(f"lock:{name}", mine, seconds=question.kind.within)
        try:
            yield is_alone
        finally:
            if is_alone:
                await self._store.remove(f"lock:{name}", mine)

    async def _version_of(self, tag: str) -> bytes:
        """The version of a tag. One that was lost is another one when it is made again, so that what is older never counts."""
        for _ in range(2):
            if (version := (await self._store.read(_version(tag)))[0]) is not None:
                return version
            await self._store.add(_version(tag), _token(), seconds=VERSION_SECONDS)
        return _token()


def _version(tag: str) -> str:
    return f"version:{sha256(tag.encode()).hexdigest()}"


def _token() -> bytes:
    return secrets.token_hex(8).encode()
