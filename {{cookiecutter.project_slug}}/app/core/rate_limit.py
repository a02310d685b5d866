"""How often a caller may ask. Counted in this process: each worker has its own counts."""

import time
from collections import Counter
from ipaddress import IPv6Address, ip_address

from limits import RateLimitItem, parse
from limits.aio import storage
from limits.aio.strategies import RateLimiter as Limiter, SlidingWindowCounterRateLimiter
from starlette.requests import HTTPConnection

from app.core.errors import TooManyRequests

MAX_KEYS = 50_000
_IPV6_HOST_BITS = 64


class MemoryStorage(storage.MemoryStorage):
    """Counts of at most `MAX_KEYS` keys, however many somebody makes up: beyond that the oldest is forgotten.

    The library's own grows with the keys, and each hit has a task look through all of them for expired ones.
    """

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count; a new key lives for `expiry` seconds."""
        count = await self.get(key) + amount  # which removes the key when it has expired
        if key not in self.storage:
            if len(self.storage) >= MAX_KEYS:
                await self.clear(next(iter(self.storage)))
            self.expirations[key] = time.time() + expiry
        self.storage[key] = count
        return count


class RateLimiter:
    """Counts hits per key in sliding windows; limits are written as `300/minute`."""

    def __init__(self, *, requests: str, failed_sign_ins: str) -> None:
        # Public: what all processes count with takes its place.
        self.strategy: Limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._requests = parse(requests)
        self._failed_sign_ins = parse(failed_sign_ins)
        self.refused = Counter({"request": 0, "sign-in": 0})

    async def count_request(self, caller: str) -> None:
        """Count one request of a caller, or raise `TooManyRequests`."""
        if not await self.strategy.hit(self._requests, "request", caller):
            raise await self._refusal(self._requests, "request", caller)

    async def check_failed_sign_ins(self, address: str) -> None:
        """Raise `TooManyRequests` when too many sign-ins from this address failed."""
        if not await self.strategy.test(self._failed_sign_ins, "sign-in", address):
            raise await self._refusal(self._failed_sign_ins, "sign-in", address)

    async def count_failed_sign_in(self, address: str) -> None:
        """Count one failed sign-in from this address."""
        await self.strategy.hit(self._failed_sign_ins, "sign-in", address)

    async def _refusal(self, limit: RateLimitItem, *key: str) -> TooManyRequests:
        self.refused[key[0]] += 1
        window = await self.strategy.get_window_stats(limit, *key)
        return TooManyRequests(retry_after=max(1.0, window.reset_time - time.time()))


def address_of(connection: HTTPConnection) -> str:
    """What counts as the client's address."""
    return address_key(connection.client.host if connection.client else None)


def address_key(host: str | None) -> str:
    """What counts as one client address: an IPv4 address, or the /64 network that one IPv6 customer has."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return host or "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return f"{IPv6Address(int(address) >> _IPV6_HOST_BITS << _IPV6_HOST_BITS)}/64"
