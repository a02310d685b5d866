"""A worker answers the probes of its supervisor as the server does: `python -m app healthcheck`, `app/core/probe.py`, or HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

LINE_SECONDS: Final = 5


@asynccontextmanager
async def answering(host: str, port: int | None, is_ready: Callable[[], bool]) -> AsyncIterator[None]:
    """Inside the block, `/healthz` answers 200 while the event loop runs, `/readyz` 200 or 503; nothing listens without a port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, ValueError):  # the last is a line without an end
            async with asyncio.timeout(LINE_SECONDS):
                line = await reader.readline()
            path = line.partition(b" ")[2].partition(b" ")[0]
            known = {b"/healthz": True, b"/readyz": is_ready()}
            status = "404 Not Found" if path not in known else "200 OK" if known[path] else "503 Service Unavailable"
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
        writer.close()

    if port is None:
        yield
        return
    async with await asyncio.start_server(answer, host, port):
        yield
