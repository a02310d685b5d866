"""A worker answers the probes of its supervisor as the server does: `python -m app healthcheck`, `app/core/probe.py`, or HTTP."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress
from typing import Final

LINE_SECONDS: Final = 5
TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"


@asynccontextmanager
async def answering(
    host: str, port: int | None, *, is_ready: Callable[[], bool], measure: Callable[[], Awaitable[str]]
) -> AsyncIterator[None]:
    """Inside the block, `/healthz` answers 200 while the event loop runs, `/readyz` 200 or 503, `/metrics` with what `measure` says; nothing listens without a port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, ValueError), closing(writer):  # the last is a line without an end
            async with asyncio.timeout(LINE_SECONDS):
                line = await reader.readline()
            path = line.partition(b" ")[2].partition(b" ")[0]
            known = {b"/healthz": True, b"/readyz": is_ready(), b"/metrics": is_ready()}
            status = "404 Not Found" if path not in known else "200 OK" if known[path] else "503 Service Unavailable"
            async with asyncio.timeout(LINE_SECONDS):
                body = (await measure()).encode() if path == b"/metrics" and known[path] else b""
            head = (
                f"HTTP/1.1 {status}\r\nContent-Type: {TEXT}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            )
            writer.write(head.encode() + body)
            await writer.drain()

    if port is None:
        yield
        return
    async with await asyncio.start_server(answer, host, port):
        yield
