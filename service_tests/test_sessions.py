"""Signing out of accounts of the service's own, where several processes serve."""

import asyncio
from importlib.util import find_spec

import pytest
from service_devkit.fixtures.server import StartServer

from tests.mechanism.support import ME, client_of, eventually
from tests.mechanism.test_live import code_of, live
from tests.plugins.sign_in_jwt import bearer, login, register


@pytest.mark.parametrize("redis", [False, True] if find_spec("app.redis") else [False])
async def test_sign_out_ends_connections_of_every_process_and_with_redis_tokens_too(
    fresh_database_url: str, start_server: StartServer, request: pytest.FixtureRequest, *, redis: bool
) -> None:
    settings = {"REDIS_URL": request.getfixturevalue("redis_server").url, "REDIS_TIMEOUT": "5"} if redis else {}
    starts = (asyncio.to_thread(start_server, fresh_database_url, **settings) for _ in range(2))
    one, other = await asyncio.gather(*starts)
    async with client_of(one) as client, client_of(other) as elsewhere:
        await register(client)
        tokens, others = [await login(client) for _ in range(2)]
        signed_out, stays = bearer(tokens), bearer(others)
        before = {(await each.get(ME, headers=signed_out)).status_code for each in (client, elsewhere)}

        async with live(one, signed_out) as here, live(other, signed_out) as there, live(other, stays) as kept:
            ended = await client.post("/api/v1/auth/logout", json={"refresh_token": tokens["refresh_token"]})
            codes = [await code_of(socket) for socket in (here, there)]
            await kept.ping()

        async def refuses() -> bool:
            return (await elsewhere.get(ME, headers=signed_out)).status_code == 401

        if redis:
            await eventually(refuses)
        else:
            assert not await refuses()  # until it expires, as docs/redis.md says
        assert (await elsewhere.get(ME, headers=stays)).status_code == 200
    assert (before, ended.status_code, codes) == ({200}, 204, [4401, 4401])
