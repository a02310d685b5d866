"""What is asked for: a scenario is a name, requests, and what to expect."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from benchmarks.callers import Caller
from benchmarks.parts import parts


@dataclass(frozen=True)
class Request:
    """One request of a caller. All three services get the same bytes: each finds who asks in a header of its own."""

    caller: Caller
    path: str
    method: str = "GET"
    body: str = ""
    expected: int = 200
    language: str = ""

    def head_and_body(self) -> str:
        """As it goes over the wire."""
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: 127.0.0.1", "User-Agent: benchmark", "Accept: */*"]
        lines += [f"X-Owner: {self.caller.id}"]
        lines += [f"Authorization: {self.caller.authorization}"] if self.caller.authorization else []
        lines += [f"Accept-Language: {self.language}"] if self.language else []
        lines += ["Content-Type: application/json", f"Content-Length: {len(self.body.encode())}"] if self.body else []
        return "\r\n".join([*lines, "", self.body])


@dataclass(frozen=True)
class Scenario:
    """Requests that are sent in turn, again and again. With `alike`, one of them stands for all when statements are counted."""

    name: str
    what: str
    requests: Sequence[Request]
    alike: bool = True

    @property
    def writes(self) -> bool:
        """Whether it leaves rows behind."""
        return any(request.method != "GET" for request in self.requests)


async def scenarios(url: str, callers: Sequence[Caller]) -> list[Scenario]:
    """All scenarios of this service, on the data that is there."""
    found = [
        Scenario("liveness", "GET /healthz", [Request(callers[0], "/healthz")]),
        Scenario("me", "GET /api/v1/users/me", [Request(caller, "/api/v1/users/me") for caller in callers]),
    ]
    connection = await asyncpg.connect(url)
    try:
        for module in parts("benchmarks.scenarios_"):
            found += await module.scenarios(connection, callers)
    finally:
        await connection.close()
    return found
