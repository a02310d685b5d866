"""Who is connected to this process, and what each is sent: a queue of bounded length for each, so that nobody waits for a slow reader."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select

from app.core.errors import TooManyRequests, Unavailable
from app.core.i18n import gettext as _
from app.core.logging import get_logger
from app.core.permissions import Permission, Role
from app.core.settings.live import LiveSettings
from app.db.database import Reader
from app.db.notify import ACCESS_CHANGED, NOTIFICATION, SESSION_ENDED, Notification
from app.models.users import User

log = get_logger(__name__)
_ROLE = select(User.role).where(User.id == bindparam("user_id"))

# Why a connection ends: RFC 6455 7.4.1 and its registry; 4000-4999 are for applications.
LEFT: Final = 1000
POLICY: Final = 1008
RESTART: Final = 1012
TRY_LATER: Final = 1013
SIGNED_OUT: Final = 4401
NOT_THE_SAME_ACCESS: Final = 4403
AMONG_PROCESSES: Final = frozenset({ACCESS_CHANGED, SESSION_ENDED})  # no client hears of these


async def read_role(reader: Reader, *, user_id: UUID) -> Role:
    """The role as it is stored, not as it was remembered; of a person who is gone, that of one who may do nothing."""
    row = await reader.row(_ROLE, user_id=user_id)
    return Role(row.role) if row else Role.BLOCKED


def message_of(notification: Notification) -> str:
    """What a client is sent: contracts/events.yaml."""
    return json.dumps({"type": notification.type, "id": str(notification.id)})


class Subscriber:
    """One connection. Iterate for its messages, up to its end; `ended` has the code of the end."""

    def __init__(self, user_id: UUID, *, queue: int) -> None:
        self.user_id = user_id
        self.permissions: frozenset[Permission] = frozenset()
        self.session = ""
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._queue: asyncio.Queue[str | None] = asyncio.Queue(queue)

    def may_know(self, notification: Notification) -> bool:
        """Whether the caller has the permission that the notification asks for."""
        return notification.permission is None or notification.permission in self.permissions

    def offer(self, message: str) -> None:
        """Queue a message; where the queue is full, the connection ends."""
        if self.ended.done():
            return
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            self.end(TRY_LATER)

    def end_where_meant(self, notification: Notification) -> None:
        """End the connection because of another role, or of a sign-out from its session."""
        if notification.type != SESSION_ENDED:
            self.end(NOT_THE_SAME_ACCESS)
        elif self.session == str(notification.id):
            self.end(SIGNED_OUT)

    def end(self, code: int) -> None:
        """End the connection. What is still queued is not sent."""
        if self.ended.done():
            return
        self.ended.set_result(code)
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    async def next(self) -> str | None:
        """Wait for the next message; None is the end."""
        return await self._queue.get()

    async def __aiter__(self) -> AsyncIterator[str]:
        while (message := await self.next()) is not None:
            yield message


class Hub:
    """The connections of this process."""

    def __init__(self, settings: LiveSettings) -> None:
        self._settings = settings
        self._subscribers: defaultdict[UUID, set[Subscriber]] = defaultdict(set)

    def __len__(self) -> int:
        return sum(map(len, self._subscribers.values()))

    @contextmanager
    def subscribed(self, user_id: UUID) -> Iterator[Subscriber]:
        """A new connection of a person, who hears nothing that needs a permission until `permissions` is set.

        Raises:
            TooManyRequests: the person has as many as one may have.
            Unavailable: this process has.
        """
        if len(self) >= self._settings.live_connections:
            raise Unavailable(code="too_many_connections", retry_after=5)
        if len(self._subscribers.get(user_id, ())) >= self._settings.live_connections_per_caller:
            raise TooManyRequests(_("Too many connections are open. Close one."), code="too_many_connections")
        subscriber = Subscriber(user_id, queue=self._settings.live_queue)
        self._subscribers[user_id].add(subscriber)
        try:
            yield subscriber
        finally:
            self._subscribers[user_id].discard(subscriber)
            if not self._subscribers[user_id]:
                del self._subscribers[user_id]

    def deliver(self, text: str) -> None:
        """Pass a notification on to those whom it is for."""
        try:
            notification = NOTIFICATION.validate_json(text)
        except ValueError as error:
            log.warning("notification not understood", cause=str(error))
            return
        hearers = list(self._hearers(notification.owner_id))
        if notification.type in AMONG_PROCESSES:
            for subscriber in hearers:
                subscriber.end_where_meant(notification)
            return
        message = message_of(notification)
        for subscriber in hearers:
            if subscriber.may_know(notification):
                subscriber.offer(message)

    def end_all(self, code: int) -> None:
        """End every connection."""
        for subscriber in list(self._hearers(None)):
            subscriber.end(code)

    def _hearers(self, owner_id: UUID | None) -> Iterator[Subscriber]:
        if owner_id is not None:
            yield from self._subscribers.get(owner_id, ())
            return
        for subscribers in self._subscribers.values():
            yield from subscribers
