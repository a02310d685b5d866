"""Work for after the commit: a message or a webhook that must not mention what was rolled back."""

from collections.abc import Awaitable, Callable
from typing import Final

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, SessionTransaction

from app.core.logging import get_logger

log = get_logger(__name__)

Work = Callable[[], Awaitable[None]]
_KEY: Final = "after_commit"


def after_commit(session: AsyncSession, work: Work) -> None:
    """Run `work` once the transaction of `session` is committed; never where it, or the savepoint around this call, is rolled back.

    The work runs in this process, in the order of the calls, before the answer leaves: give what may hang a timeout. The session is over by
    then, so the work holds no connection and takes ids, not objects. An error in it is logged and changes nothing: the answer is still the one
    of the committed transaction. It is not repeated, and a process that dies between the commit and the work loses it.
    """
    pending = session.info.setdefault(_KEY, [])
    if not pending:
        event.listen(session.sync_session, "after_soft_rollback", _forget)
    pending.append((session.sync_session.get_nested_transaction(), work))


def _forget(session: Session, ended: SessionTransaction) -> None:
    """Drop what was asked for inside of the transaction or savepoint that was rolled back."""
    pending = session.info[_KEY]
    pending[:] = [(savepoint, work) for savepoint, work in pending if ended.nested and not _within(savepoint, ended)]


def _within(savepoint: SessionTransaction | None, ended: SessionTransaction) -> bool:
    while savepoint is not None and savepoint is not ended:
        savepoint = savepoint.parent
    return savepoint is ended


async def run_after_commit(session: AsyncSession) -> None:
    """Do the work that was asked for; called when the session is committed and closed."""
    for _, work in session.info.pop(_KEY, []):
        try:
            await work()
        except Exception:
            log.exception("work after the commit failed")
