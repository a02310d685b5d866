"""Passwords: off the event loop, a bounded number at once, and never more guesses than the limit lets through."""

import asyncio
import threading
import time

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from app.core.errors import TooManyRequests
from app.services.accounts_passwords import Passwords

WRONG = "a visibly fake wrong one"


class CountingHasher(PasswordHasher):
    """Counts how many run at the same moment."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self._lock = threading.Lock()
        self._running = 0
        self.most = 0
        self.calls = 0

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        with self._lock:
            self._running += 1
            self.calls += 1
            self.most = max(self.most, self._running)
        time.sleep(0.02)
        with self._lock:
            self._running -= 1
        return super().hash(password, salt=salt)


class Allowed:
    """As many failures as anybody likes."""

    async def check(self) -> None:
        """No limit."""

    async def count(self) -> None:
        """No count."""


class AtMost:
    """A number of failures, then no more."""

    def __init__(self, number: int) -> None:
        self.left = number
        self.refused = 0

    async def check(self) -> None:
        if self.left <= 0:
            self.refused += 1
            raise TooManyRequests

    async def count(self) -> None:
        self.left -= 1


async def test_password_belongs_to_its_own_hash_only() -> None:
    passwords = Passwords(at_once=2)

    password_hash = await passwords.hash("visibly fake but long")

    assert await passwords.matches("visibly fake but long", password_hash, attempts=Allowed())
    assert not await passwords.matches(WRONG, password_hash, attempts=Allowed())
    assert not await passwords.matches(WRONG, None, attempts=Allowed())


async def test_hashes_cost_what_owasp_asks_for() -> None:
    password_hash = await Passwords(at_once=2).hash(WRONG)

    assert password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_same_password_is_never_hashed_alike() -> None:
    passwords = Passwords(at_once=2)

    assert await passwords.hash(WRONG) != await passwords.hash(WRONG)


async def test_only_hashes_of_other_parameters_are_outdated() -> None:
    old = await Passwords(at_once=1, hasher=PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)).hash(WRONG)
    passwords = Passwords(at_once=2)

    assert passwords.is_outdated(old)
    assert not passwords.is_outdated(await passwords.hash(WRONG))


async def test_nobodys_password_takes_as_much_work_as_somebodys() -> None:
    passwords = Passwords(at_once=1)
    password_hash = await passwords.hash("visibly fake but long")

    somebodys = min([await _work(passwords, password_hash) for _ in range(5)])
    nobodys = min([await _work(passwords, None) for _ in range(5)])

    assert 0.5 < nobodys / somebodys < 2


async def _work(passwords: Passwords, password_hash: str | None) -> float:
    """Seconds of the processor, in all threads: how busy the machine is does not matter."""
    start = time.process_time()
    await passwords.matches(WRONG, password_hash, attempts=Allowed())
    return time.process_time() - start


@pytest.mark.parametrize("at_once", [1, 2, 3])
async def test_no_more_than_the_given_number_run_at_once(at_once: int) -> None:
    hasher = CountingHasher()
    passwords = Passwords(at_once=at_once, hasher=hasher)

    await asyncio.gather(*[passwords.hash(WRONG) for _ in range(8)])

    assert (hasher.calls, hasher.most) == (8, at_once)


async def test_place_is_held_until_the_hash_is_done_though_the_caller_has_left() -> None:
    hasher = CountingHasher()
    passwords = Passwords(at_once=1, hasher=hasher)
    impatient = [asyncio.create_task(passwords.hash(WRONG)) for _ in range(3)]
    await asyncio.sleep(0.005)

    for task in impatient:
        task.cancel()
    await passwords.hash(WRONG)

    assert hasher.most == 1


@pytest.mark.parametrize("work", ["hash", "compare"])
async def test_event_loop_turns_while_passwords_are_worked_on(work: str) -> None:
    passwords = Passwords(at_once=2)
    password_hash = await passwords.hash(WRONG)
    turns = 0

    async def one() -> None:
        if work == "hash":
            await passwords.hash(WRONG)
        else:
            await passwords.matches(WRONG, password_hash, attempts=Allowed())

    done = asyncio.gather(*[one() for _ in range(10)])
    while not done.done():
        await asyncio.sleep(0.001)
        turns += 1

    assert turns > 25  # worked on in the loop itself, ten passwords would leave ten turns


async def test_many_guesses_at_once_get_no_further_than_one_after_the_other() -> None:
    passwords = Passwords(at_once=2)
    password_hash = await passwords.hash("visibly fake but long")
    attempts = AtMost(3)

    guesses = [passwords.matches(WRONG, password_hash, attempts=attempts) for _ in range(12)]
    answers = await asyncio.gather(*guesses, return_exceptions=True)

    assert len([answer for answer in answers if answer is False]) in {3, 4}
    assert attempts.refused in {8, 9}


async def test_right_password_costs_no_attempt() -> None:
    passwords = Passwords(at_once=2)
    password_hash = await passwords.hash("visibly fake but long")
    attempts = AtMost(1)

    for _ in range(3):
        assert await passwords.matches("visibly fake but long", password_hash, attempts=attempts)

    assert attempts.left == 1


async def test_wrong_password_of_an_outdated_hash_costs_a_hash_of_today(monkeypatch: pytest.MonkeyPatch) -> None:
    old = await Passwords(at_once=1, hasher=PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)).hash(WRONG)
    passwords = Passwords(at_once=1)
    compared: list[str] = []

    def note(_hasher: PasswordHasher, password_hash: str, _password: str) -> bool:
        compared.append(password_hash)
        raise VerifyMismatchError

    monkeypatch.setattr(PasswordHasher, "verify", note)

    await passwords.matches("guess", old, attempts=Allowed())

    assert [part.split("$")[3] for part in compared] == ["m=64,t=1,p=1", "m=19456,t=2,p=1"]
