"""Redis in the application: what its processes share when `REDIS_URL` is set."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.core import project
from app.core.redis_url import parse_redis_url
from app.core.settings import Settings
from app.redis.client import RedisClient
from app.redis.rate_limit import SharedLimiter


@asynccontextmanager
async def share_through_redis(app: FastAPI) -> AsyncIterator[None]:
    """Share rate limits between processes, and say in readiness whether Redis answers."""
    settings: Settings = app.state.settings
    if settings.redis_url is None:
        yield
        return
    address = parse_redis_url(settings.redis_url.get_secret_value())
    client = RedisClient(address, prefix=project.NAME, timeout=settings.redis_timeout)
    async with client.running():
        app.state.redis = client
        app.state.rate_limiter.count_with(SharedLimiter(client))
        app.state.readiness.details["redis"] = client.answers
        yield
