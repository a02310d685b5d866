"""A real Redis for the tests that ask for it: of each process one, empty for each test, in whatever state a test needs."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Protocol
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis
from service_devkit.redis import ThrowawayRedis

from app.core.redis_url import parse_redis_url
from app.redis.client import RedisClient

# Before the settings of the machine are taken away. Processes of pytest-xdist get it under a name that stays.
if given := os.environ.pop("REDIS_URL", ""):
    os.environ["PYTEST_REDIS_URL"] = given


class OpenClient(Protocol):
    """`await open_client(url)`: a client whose time limit no busy machine meets."""

    async def __call__(self, url: str, *, patience: float = 30) -> RedisClient: ...


@pytest.fixture(scope="session")
def redis_server() -> Iterator[ThrowawayRedis]:
    """A server that tests may kill and freeze, whole again afterwards."""
    with ThrowawayRedis() as server:
        yield server


@pytest.fixture
async def redis_url(request: pytest.FixtureRequest) -> str:
    """An empty database: of the server that `REDIS_URL` names, one for each process, else of `redis_server`."""
    given = os.environ.get("PYTEST_REDIS_URL")
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    url = urlsplit(given)._replace(path=f"/{number}").geturl() if given else request.getfixturevalue("redis_server").url
    async with Redis.from_url(url) as redis:
        await redis.flushdb()
    return str(url)


@pytest.fixture
async def open_redis() -> AsyncIterator[OpenClient]:
    """Opens clients as processes of the service do; they are closed after the test."""
    async with AsyncExitStack() as opened:

        async def open_client(url: str, *, patience: float = 30) -> RedisClient:
            client = RedisClient(parse_redis_url(url), prefix="tests", timeout=patience)
            await opened.enter_async_context(client.running())
            return client

        yield open_client
