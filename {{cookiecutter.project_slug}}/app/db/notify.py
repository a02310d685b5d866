"""What a transaction tells the other processes of this service.

PostgreSQL delivers it at COMMIT, in the order of the commits, and never after a rollback. It keeps nothing: who does not listen at that moment
does not hear it. https://www.postgresql.org/docs/current/sql-notify.html
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.permissions import Permission
from app.db.after_commit import after_commit

CHANNEL: Final = "notifications"
ACCESS_CHANGED: Final = "access.changed"
SESSION_ENDED: Final = "session.ended"


@dataclass(frozen=True, slots=True)
class Notification:
    """An object and what happened to it, as `user.updated`: ids only, because PostgreSQL takes 7,999 bytes and the object may change again.

    It is for its owner, or without one for everybody, and in either case only for callers who have the permission.
    """

    type: str
    id: UUID
    owner_id: UUID | None
    permission: Permission | None = None

    def text(self) -> str:
        """As it is sent."""
        return NOTIFICATION.dump_json(self).decode()


# What is no notification, another program wrote into the channel, or a newer version of this service.
NOTIFICATION: Final = TypeAdapter(Notification)
# For a statement that is a transaction of its own: `select(..., NOTIFY)`, with `notification=Notification(...).text()` among the parameters.
NOTIFY: Final = func.pg_notify(CHANNEL, bindparam("notification")).label("notified")
_NOTIFY = select(NOTIFY)


# What in this process hears too of what sessions send: called with its text, after the commit. `NOTIFY` reaches PostgreSQL's listeners alone.
HEARERS: list[Callable[[str], Awaitable[None]]] = []


async def notify(session: AsyncSession, notification: Notification) -> None:
    """Send a notification when the transaction of `session` commits."""
    text = notification.text()
    await session.execute(_NOTIFY, {"notification": text})
    for hearer in HEARERS:
        after_commit(session, partial(hearer, text))
