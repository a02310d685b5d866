"""Sessions: begun by a sign-in, carried on by refresh tokens that are each good for one use, and ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.permissions import Role
from app.db.database import Reader
from app.db.notify import SESSION_ENDED, Notification, notify
from app.models.sessions import RefreshSession
from app.models.users import User
from app.services.sessions_tokens import Token, new_token, read_token, successor

MAX_SESSIONS: Final = 50
MAX_USER_AGENT: Final = 200


@dataclass(frozen=True, slots=True)
class Rules:
    """How long sessions last. `secret_key` makes each token's successor."""

    secret_key: bytes
    idle: timedelta
    absolute: timedelta
    grace: timedelta


@dataclass(frozen=True, slots=True)
class Issued:
    """The newest refresh token of a session, and when it is too old."""

    user_id: UUID
    session_id: UUID
    token: Token
    expires_at: datetime


async def start(session: AsyncSession, *, user_id: UUID, user_agent: str, rules: Rules, now: datetime) -> Issued:
    """Begin a session. Clears away the person's sessions that have ended, and the longest unused of too many."""
    await session.execute(delete(RefreshSession).where(RefreshSession.user_id == user_id, _has_ended(now)))
    await _end_oldest(session, user_id=user_id)
    token = new_token()
    row = RefreshSession(
        user_id=user_id,
        selector=token.selector,
        verifier_hash=token.digest,
        user_agent=_visible(user_agent),
        rotated_at=now,
        idle_until=now + rules.idle,
        expires_at=now + rules.absolute,
    )
    session.add(row)
    await session.flush()
    return _issued(row, token)


async def rotate(session: AsyncSession, *, token: str, rules: Rules, now: datetime) -> Issued | None:
    """Exchange a refresh token for the next one; None when it is not good. The caller must commit in either case.

    The exchange is one compare-and-swap, so that of many at once one wins. Those who lost, or never got the answer, present the token before
    the newest: for a few seconds they get the same successor. Anybody else with an old token has stolen it, or was stolen from: the session ends.
    """
    presented = read_token(token)
    if presented is None:
        return None
    following = successor(presented, secret_key=rules.secret_key)
    found = (RefreshSession.selector == presented.selector, ~_has_ended(now), _may_sign_in())
    swapped = (
        update(RefreshSession)
        .where(*found, RefreshSession.verifier_hash == presented.digest)
        .values(
            verifier_hash=following.digest,
            previous_hash=presented.digest,
            rotated_at=now,
            idle_until=now + rules.idle,
        )
        .returning(RefreshSession)
    )
    if row := await session.scalar(swapped):
        return _issued(row, following)
    row = await session.scalar(select(RefreshSession).where(*found).with_for_update())
    return await _repeat_or_end(session, row, presented, following, rules=rules, now=now) if row else None


async def _repeat_or_end(
    session: AsyncSession, row: RefreshSession, presented: Token, following: Token, *, rules: Rules, now: datetime
) -> Issued | None:
    """The answer to a token that is not the newest of its session."""
    if row.previous_hash == presented.digest and now - row.rotated_at <= rules.grace:
        # Another successor than the stored one: the secret key was replaced in between. Nobody is to blame, and nothing can be repeated.
        return _issued(row, following) if row.verifier_hash == following.digest else None
    await _revoke(session, RefreshSession.id == row.id, now=now)
    return None


async def end(session: AsyncSession, *, token: str, now: datetime) -> None:
    """Sign out: end the session that a refresh token is of, or once was; nothing when there is none."""
    if presented := read_token(token):
        await _revoke(session, RefreshSession.selector == presented.selector, now=now)


async def read_all(
    reader: Reader, *, user_id: UUID, now: datetime
) -> Sequence[Row[UUID, str, datetime, datetime, datetime]]:
    """Where a person is signed in, last used first: id, user_agent, created_at, last_used_at, expires_at."""
    statement = select(
        RefreshSession.id,
        RefreshSession.user_agent,
        RefreshSession.created_at,
        RefreshSession.rotated_at.label("last_used_at"),
        func.least(RefreshSession.idle_until, RefreshSession.expires_at).label("expires_at"),
    ).where(RefreshSession.user_id == user_id, ~_has_ended(now))
    return await reader.rows(statement.order_by(RefreshSession.rotated_at.desc(), RefreshSession.id))


async def revoke(session: AsyncSession, *, user_id: UUID, session_id: UUID, now: datetime) -> None:
    """End one session of a person.

    Raises:
        NotFound: there is no such session, it has ended, or it is somebody else's.
    """
    if not await _revoke(
        session, RefreshSession.id == session_id, RefreshSession.user_id == user_id, ~_has_ended(now), now=now
    ):
        raise NotFound


async def revoke_all(session: AsyncSession, *, user_id: UUID, now: datetime) -> None:
    """End every session of a person."""
    await _revoke(session, RefreshSession.user_id == user_id, now=now)


async def _revoke(session: AsyncSession, *which: ColumnElement[bool], now: datetime) -> bool:
    """End sessions; whether there were any."""
    statement = update(RefreshSession).where(*which, RefreshSession.revoked_at.is_(None)).values(revoked_at=now)
    ended = (await session.execute(statement.returning(RefreshSession.id, RefreshSession.user_id))).all()
    for session_id, user_id in ended:
        await notify(session, Notification(SESSION_ENDED, session_id, user_id))
    return bool(ended)


async def _end_oldest(session: AsyncSession, *, user_id: UUID) -> None:
    newest_first = select(RefreshSession.id).where(RefreshSession.user_id == user_id)
    too_many = newest_first.order_by(RefreshSession.rotated_at.desc()).offset(MAX_SESSIONS - 1)
    await session.execute(delete(RefreshSession).where(RefreshSession.id.in_(too_many)))


def _has_ended(now: datetime) -> ColumnElement[bool]:
    return or_(
        RefreshSession.revoked_at.is_not(None), RefreshSession.expires_at <= now, RefreshSession.idle_until <= now
    )


def _may_sign_in() -> ColumnElement[bool]:
    return RefreshSession.user_id.in_(select(User.id).where(User.role != Role.BLOCKED))


def _issued(row: RefreshSession, token: Token) -> Issued:
    return Issued(row.user_id, row.id, token, min(row.idle_until, row.expires_at))


def _visible(text: str) -> str:
    return "".join(character for character in text if character.isprintable())[:MAX_USER_AGENT]
