"""Redis in the application: what its processes share when `REDIS_URL` is set."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final

from fastapi import FastAPI

from app.cache.cache import Cache
from app.cache.store import MemoryStore
from app.core import project
from app.core.redis_url import parse_redis_url
from app.core.settings import Settings
from app.db.notify import ACCESS_CHANGED, HEARERS, NOTIFICATION, SESSION_ENDED
from app.redis.cache import RedisStore
from app.redis.client import RedisClient, RedisUnavailable
from app.redis.messages import listening, publish
from app.redis.rate_limit import SharedLimiter

CHANNEL: Final = "notifications"


@asynccontextmanager
async def share_through_redis(app: FastAPI) -> AsyncIterator[None]:
    """Share rate limits and the cache between processes, forget callers in all of them at once, and say in readiness whether Redis answers."""
    client = _client(app.state.settings)
    app.state.cache = Cache(RedisStore(client) if client else MemoryStore())
    try:
        if client is None:
            yield
            return
        app.state.rate_limiter.strategy = SharedLimiter(client)
        app.state.readiness.details["redis"] = client.answers
        async with client.running():
            app.state.redis = client
            with _announcing(client):
                async with listening(
                    client, CHANNEL, receive=lambda text: _hear(app, text), missed=lambda: _forget_callers(app)
                ):
                    yield
    finally:
        await app.state.cache.close()


@asynccontextmanager
async def announce_through_redis(settings: Settings) -> AsyncIterator[None]:
    """Let the processes of the service hear what a command has changed."""
    client = _client(settings)
    if client is None:
        yield
        return
    async with client.running():
        with _announcing(client):
            yield


def _client(settings: Settings) -> RedisClient | None:
    if settings.redis_url is None:
        return None
    address = parse_redis_url(settings.redis_url.get_secret_value())
    return RedisClient(address, prefix=project.NAME, timeout=settings.redis_timeout)


@contextmanager
def _announcing(client: RedisClient) -> Iterator[None]:
    async def announce(text: str) -> None:
        with suppress(RedisUnavailable):  # the others know after `caller_known_seconds`
            await publish(client, CHANNEL, text)

    HEARERS.append(announce)
    try:
        yield
    finally:
        HEARERS.remove(announce)


def _hear(app: FastAPI, text: str) -> None:
    notification = NOTIFICATION.validate_json(text)
    if notification.type == ACCESS_CHANGED:
        app.state.callers.forget(lambda caller: caller.id == notification.id)
    elif notification.type == SESSION_ENDED:
        session = str(notification.id)
        app.state.ended_sessions.set(session, True)
        app.state.principals.forget(lambda principal: principal.session == session)


def _forget_callers(app: FastAPI) -> None:
    app.state.callers.forget(lambda _caller: True)
