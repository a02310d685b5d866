"""Passwords: hashed with Argon2id, a bounded number at once and never on the event loop.

Parameters: OWASP's Password Storage Cheat Sheet, 19 MiB and two passes. Memory is bounded by that times `at_once`, however many people sign in.
"""

import asyncio
import os
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

MEMORY_KIB: Final = 19 * 1024
PASSES: Final = 2
LANES: Final = 1


class Attempts(Protocol):
    """Counts failed sign-ins of one address and one login name."""

    async def check(self) -> None:
        """Raise `TooManyRequests` when too many failed."""

    async def count(self) -> None:
        """Count one that failed."""


class Passwords:
    """Hashes and compares passwords. One for the process: it is what holds the bound."""

    def __init__(self, *, at_once: int, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
        # Its own threads hold the bound even when callers leave: work that has begun goes on, and keeps its thread busy.
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="password")
        self._turns = asyncio.Semaphore(at_once)
        self._nobodys = self._unmatched_hash()

    async def hash(self, password: str) -> str:
        """A new hash, with its parameters and salt in it."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, password)

    async def matches(self, password: str, password_hash: str | None, *, attempts: Attempts) -> bool:
        """Whether the password belongs to the hash; None, for nobody, takes as long and is False.

        The attempts are checked and counted while it is this caller's turn: many guesses at once get no further than one after the other.

        Raises:
            TooManyRequests: too many attempts failed.
        """
        loop = asyncio.get_running_loop()
        async with self._turns:
            await attempts.check()
            matches = await loop.run_in_executor(self._threads, self._verify, password_hash or self._nobodys, password)
            if not matches:
                await attempts.count()
            return matches

    def is_outdated(self, password_hash: str) -> bool:
        """Whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except VerifyMismatchError:
            if self.is_outdated(password_hash):  # cheaper than today's, which the response time would reveal
                self._verify(self._nobodys, password)
            return False

    def _unmatched_hash(self) -> str:
        """A hash of today's parameters that no password is known for: it was never computed."""
        salt, digest = (b64encode(os.urandom(size)).decode().rstrip("=") for size in (16, 32))
        costs = f"m={self._hasher.memory_cost},t={self._hasher.time_cost},p={self._hasher.parallelism}"
        return f"$argon2id$v=19${costs}${salt}${digest}"
