"""Counting, and what counts as one address."""

import pytest

from app.core import rate_limit
from app.core.errors import TooManyRequests
from app.core.rate_limit import MemoryStorage, RateLimiter, address_key


async def test_callers_do_not_share_a_limit() -> None:
    limiter = RateLimiter(requests="1/hour", failed_sign_ins="1/hour")
    await limiter.count_request("ada")

    await limiter.count_request("bea")

    with pytest.raises(TooManyRequests):
        await limiter.count_request("ada")


async def test_asking_about_failed_sign_ins_counts_none() -> None:
    limiter = RateLimiter(requests="1/hour", failed_sign_ins="1/hour")

    for _ in range(5):
        await limiter.check_failed_sign_ins("192.0.2.1")


async def test_made_up_keys_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "MAX_KEYS", 3)
    storage = MemoryStorage()

    for number in range(10):
        await storage.incr(f"key {number}", 60)
        await storage.incr("key 0", 60)

    assert len(storage.storage) == len(storage.expirations) == 3


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("testclient", "testclient"),
        (None, "unknown"),
    ],
)
def test_address_key(host: str | None, key: str) -> None:
    assert address_key(host) == key
