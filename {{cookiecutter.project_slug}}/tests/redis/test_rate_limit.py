"""Limits that several processes count together."""

from contextlib import suppress

import pytest
from service_devkit.redis import ThrowawayRedis

from app.core.errors import TooManyRequests
from app.core.rate_limit import RateLimiter
from app.redis.rate_limit import SharedLimiter
from tests.plugins.redis import OpenClient


async def _limiter(open_redis: OpenClient, url: str) -> RateLimiter:
    """The limiter of one process."""
    limiter = RateLimiter(requests="3/hour", failed_sign_ins="1/hour")
    limiter.strategy = SharedLimiter(await open_redis(url))
    return limiter


async def test_processes_count_together(redis_url: str, open_redis: OpenClient) -> None:
    one, two = await _limiter(open_redis, redis_url), await _limiter(open_redis, redis_url)
    for limiter in (one, two, one):
        await limiter.count_request("ada")

    for limiter in (one, two):
        with pytest.raises(TooManyRequests) as error:
            await limiter.count_request("ada")

        assert 1 <= int(error.value.headers["Retry-After"]) <= 7200
    await two.count_request("bea")


async def test_failed_sign_ins_count_together_too(redis_url: str, open_redis: OpenClient) -> None:
    one, two = await _limiter(open_redis, redis_url), await _limiter(open_redis, redis_url)
    await one.check_failed_sign_ins("192.0.2.1")

    await one.count_failed_sign_in("192.0.2.1")

    with pytest.raises(TooManyRequests):
        await two.check_failed_sign_ins("192.0.2.1")


async def test_names_that_somebody_makes_up_leave_two_keys_each_and_none_for_ever(
    redis_url: str, open_redis: OpenClient
) -> None:
    client = await open_redis(redis_url)
    limiter = RateLimiter(requests="1/hour", failed_sign_ins="1/hour")
    limiter.strategy = SharedLimiter(client)

    for number in 3 * [*range(100)]:  # from the second time on beyond the limit
        with suppress(TooManyRequests):
            await limiter.count_request(f"caller {number}")
        await limiter.count_failed_sign_in(f"192.0.2.{number}")

    keys = [key for key in await client.redis.keys() if b":limits:" in key]
    ends = [await client.redis.ttl(key) for key in keys]
    assert 200 <= len(keys) <= 400  # of this window, and of the one before
    assert min(ends) > 0
    assert max(ends) <= 2 * 3600


async def test_each_process_counts_alone_while_redis_is_away(
    redis_server: ThrowawayRedis, open_redis: OpenClient
) -> None:
    one, two = await _limiter(open_redis, redis_server.url), await _limiter(open_redis, redis_server.url)
    redis_server.kill()
    try:
        for limiter in (one, one, one, two):
            await limiter.count_request("ada")

        with pytest.raises(TooManyRequests):
            await one.count_request("ada")
        await two.count_request("ada")
    finally:
        redis_server.start()
