"""The load generator, against a server that does what the test says."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from benchmarks import load
from benchmarks.load import UNIQUE, Result, work

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"
LONG = b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n" + 900 * b"x"
GONE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nlate"
REQUEST = "GET / HTTP/1.1\r\nHost: test\r\n\r\n"


@asynccontextmanager
async def served(answer: Callable[[bytes], bytes], *, delay: float = 0, pieces: int = 1) -> AsyncIterator[int]:
    """The port of a server that answers each request with these bytes; with none, it hangs up."""

    serving: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        while request := await reader.read(1000):
            await asyncio.sleep(delay)
            sent = answer(request)
            if not sent:
                break
            for number in range(pieces):
                writer.write(sent[number * len(sent) // pieces : (number + 1) * len(sent) // pieces])
                await writer.drain()
                await asyncio.sleep(0.001 * (pieces > 1))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
    await asyncio.gather(*filter(None, serving), return_exceptions=True)


def noting(seen: list[bytes]) -> Callable[[bytes], bytes]:
    """Answers well, and keeps what was asked."""

    def answer(request: bytes) -> bytes:
        seen.append(request)
        return OK

    return answer


async def sent(
    port: int, *, expected: int = 200, request: str = REQUEST, seconds: float = 0.1, rate: float = 0
) -> Result:
    requests = [(expected, request)]
    return await work({"port": port, "requests": requests, "connections": 2, "seconds": seconds, "rate": rate})


async def test_requests_of_a_rate_come_however_long_answers_take_and_their_wait_counts() -> None:
    async with served(lambda _request: OK) as port:
        idle = await sent(port, seconds=0.3, rate=100)
    async with served(lambda _request: OK, delay=0.04) as port:  # two connections are good for 50 a second
        behind = await sent(port, seconds=0.5, rate=100)

    assert 0 < idle.count < 60  # connections that are never idle send thousands
    assert behind.longest > 120
    assert (idle.error, behind.error) == ("", "")


async def test_every_answer_is_counted() -> None:
    seen: list[bytes] = []

    async with served(noting(seen)) as port:
        result = await sent(port)

    assert result.count == len(seen) > 2
    assert result.statuses == {"200": result.count}
    assert result.error == ""


async def test_answer_in_pieces_is_one_answer() -> None:
    async with served(lambda _: LONG, pieces=5) as port:
        result = await sent(port, seconds=0.2)

    assert (result.statuses, result.error) == ({"200": result.count}, "")
    assert result.count > 2


async def test_slow_answer_is_measured_and_no_failure() -> None:
    async with served(lambda _: OK, delay=0.15) as port:
        result = await sent(port)

    assert result.error == ""
    assert result.count == 2
    assert 150 <= result.p50 <= result.p99 <= result.longest < 1000


async def test_unexpected_status_fails_the_run_and_is_shown() -> None:
    async with served(lambda _: GONE) as port:
        result = await sent(port)

    assert result.error.startswith("expected 200, got HTTP/1.1 503 Service Unavailable")
    assert result.error.endswith("late")
    assert result.count <= 2


async def test_any_status_is_counted_where_none_is_expected() -> None:
    async with served(lambda _: GONE) as port:
        result = await sent(port, expected=0)

    assert (result.statuses, result.error) == ({"503": result.count}, "")


async def test_connection_that_closes_before_the_answer_fails_the_run() -> None:
    async with served(lambda _: b"") as port:
        result = await sent(port)

    assert result.error == "the connection was closed before the answer"


async def test_answer_that_never_comes_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "PATIENCE", 0.1)

    async with served(lambda _: OK, delay=0.5) as port:
        result = await sent(port, seconds=0.05)

    assert result.error == "2 connections had no answer for 0.1 seconds"


async def test_marked_requests_are_all_different_and_equally_long() -> None:
    seen: list[bytes] = []
    request = f"GET /{UNIQUE} HTTP/1.1\r\n\r\n"

    async with served(noting(seen)) as port:
        await sent(port, request=request)

    assert len(set(seen)) == len(seen) > 2
    assert {len(each) for each in seen} == {len(request)}
