"""Addresses of Redis tried on a server: as a provider gives them, so they connect, and what does not hold is refused."""

import asyncio
import ssl
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from operator import methodcaller
from pathlib import Path
from types import SimpleNamespace
from typing import Final

import pytest
from redis.asyncio import Redis
from service_devkit.redis import ThrowawayRedis

from app.redis import client as module
from app.redis.client import RedisClient, RedisUnavailable
from tests.mechanism.support import eventually
from tests.plugins.redis import OpenClient

USER: Final = "service@eu"
PASSWORD: Final = "visibly-fake:p@ss/w%rd?#&+="
WHO: Final = "service%40eu:visibly-fake%3Ap%40ss%2Fw%25rd%3F%23&+="


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[int, str]]:
    """The port and the socket of a server with a user whose name and password need every escape."""
    with tempfile.TemporaryDirectory(prefix="redis-") as folder, ThrowawayRedis({"unixsocket": f"{folder}/s"}) as redis:
        redis.command("ACL", "SETUSER", USER, "on", f">{PASSWORD}", "~*", "&*", "+@all")
        yield redis.port, f"{folder}/s"


@asynccontextmanager
async def encrypted(port: int, certificate: Path) -> AsyncIterator[int]:
    """A port that speaks TLS, as providers put it before Redis."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
        writer.close()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inside = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pass_on(reader, inside[1]), pass_on(inside[0], writer))

    async with await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context) as listening:
        yield listening.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("address", "connects"),
    [
        ("redis://{who}@127.0.0.1:{port}/3", True),
        ("valkey://127.0.0.1:{port}/3?username=service%40eu&password=visibly-fake:p%40ss/w%25rd%3F%23%26%2B%3D", True),
        ("unix://{who}@{socket}?db=3", True),
        ("rediss://{who}@127.0.0.1:{tls}/3?ssl_ca_certs={certificate}", True),
        ("valkeys://{who}@127.0.0.1:{tls}/3?ssl_cert_reqs=none", True),
        ("rediss://{who}@localhost:{tls}/3?ssl_cert_reqs=optional&ssl_ca_certs={certificate}", True),
        ("rediss://{who}@127.0.0.1:{tls}/3", False),  # signed by nobody that is known
        ("rediss://{who}@localhost:{tls}/3?ssl_ca_certs={certificate}", False),  # another name
        ("redis://{who}@127.0.0.1:{tls}/3", False),
        ("redis://{who}x@127.0.0.1:{port}/3", False),
        ("redis://127.0.0.1:{port}/3", False),
    ],
)
async def test_address_connects_as_its_user_to_its_database(
    server: tuple[int, str], certificate: Path, open_redis: OpenClient, address: str, *, connects: bool
) -> None:
    port, socket = server
    async with encrypted(port, certificate) as tls:
        client = await open_redis(address.format(who=WHO, port=port, socket=socket, tls=tls, certificate=certificate))
        try:
            ask = methodcaller("execute_command", "CLIENT", "INFO")  # which redis-py has no types for
            about = str(await client.ask(ask))
        except RedisUnavailable:
            about = ""

    assert (" db=3 " in about, f" user={USER} " in about) == (connects, connects)


async def test_failure_is_said_again_once_in_each_period_and_not_for_each_try(
    open_redis: OpenClient, logs: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    now, tries = [0.0], [0]

    async def refuse(_client: RedisClient, _redis: Redis) -> object:
        tries[0] += 1
        raise ConnectionError("refused")

    monkeypatch.setattr(RedisClient, "_probe", refuse)
    monkeypatch.setattr(module, "PROBE_SECONDS", 0.0)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    client = await open_redis("redis://127.0.0.1:9")

    async def lines_after(seconds: float) -> list[object]:
        """The lines by this time, after some more tries."""
        now[0], enough = seconds, tries[0] + 5
        await eventually(lambda: tries[0] > enough)
        return [line.get("seconds") for line in logs]

    assert client.is_down
    assert [await lines_after(seconds) for seconds in (0, 59.9, 60, 119, 120)] == [
        [None],
        [None],
        [None, 60],
        [None, 60],
        [None, 60, 120],
    ]
