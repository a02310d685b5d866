"""Who calls: many people, each with a header that signs in, and the row that the service would make for them."""

import asyncio
import importlib
import importlib.util
import json
import math
import sys
import time
from dataclasses import asdict, dataclass
from typing import Final
from uuid import NAMESPACE_OID, UUID, uuid5

from app.auth.principal import Authenticator, Principal, SignInError
from app.auth.provider import build_authenticator
from app.core.settings import load_settings
from service_devkit.service import run_python

FRESH_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Caller:
    """A person, and the `Authorization` value that proves it; an empty one where nobody signs in."""

    authorization: str
    provider: str
    subject: str
    display_name: str

    @property
    def id(self) -> UUID:
        """The id of the user; the same in every run."""
        return uuid5(NAMESPACE_OID, f"{self.provider}:{self.subject}")


def sign_in(count: int, environment: dict[str, str]) -> list[Caller]:
    """The callers as the service in this environment knows them, the providers in turn; where nobody signs in, its one caller."""
    printed = run_python(["-m", "benchmarks.callers", str(count)], environment)
    return [Caller(**row) for row in json.loads(printed.splitlines()[-1])]  # before it stands what the provider logs


class People:
    """So many callers, signed in again when their credentials are no longer new: some are valid for minutes only."""

    def __init__(self, count: int, environment: dict[str, str]) -> None:
        self._count = count
        self._environment = environment
        self._signed_at = -math.inf
        self._callers: list[Caller] = []

    def callers(self) -> list[Caller]:
        """The same people each time."""
        if time.monotonic() - self._signed_at > FRESH_SECONDS:
            self._callers = sign_in(self._count, self._environment)
            self._signed_at = time.monotonic()
        return self._callers


async def _callers(count: int) -> list[Caller]:
    """Signed in this process: its environment holds the keys."""
    authenticator = build_authenticator(load_settings())
    if importlib.util.find_spec("dev.sign_in") is None:
        return [_caller("", await authenticator.authenticate([]))]
    found: list[Caller] = []
    for number in range(1, count + 1):
        found += [caller for value in _authorizations(number) if (caller := await _accepted(authenticator, value))]
    if not found:
        raise SystemExit("the service refuses all that `dev.sign_in` makes")
    return found[:count]


async def _accepted(authenticator: Authenticator, authorization: str) -> Caller | None:
    """None for a header of another provider: this checkout may know more ways to sign in than the service takes."""
    try:
        return _caller(authorization, await authenticator.authenticate([authorization]))
    except SignInError:
        return None


def _authorizations(number: int) -> list[str]:
    made: dict[str, str] = importlib.import_module("dev.sign_in").authorizations(number)
    return list(made.values())


def _caller(authorization: str, principal: Principal) -> Caller:
    return Caller(authorization, principal.provider, principal.subject, principal.display_name)


if __name__ == "__main__":
    print(json.dumps([asdict(caller) for caller in asyncio.run(_callers(int(sys.argv[1])))]))
