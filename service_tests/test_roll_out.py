"""The old release goes on while the new one migrates and starts: no request fails, and nobody is out of rotation."""

from collections.abc import Mapping

import pytest
from service_devkit.fixtures.server import StartServer

from tests.mechanism.support import client_of, connection_to, eventually, is_ready, under_load

pytestmark = pytest.mark.live

# What the migration of a newer release does: it adds what this one can ignore, and leaves a revision that this one does not know.
EXPAND = """
    ALTER TABLE users ADD COLUMN nickname text;
    CREATE INDEX ix_users_nickname ON users (nickname);
    UPDATE alembic_version SET version_num = 'newer';
"""


async def test_no_request_fails_while_a_newer_release_is_rolled_out(
    fresh_database_url: str, start_server: StartServer, ada: Mapping[str, str]
) -> None:
    old = start_server(fresh_database_url)

    async with client_of(old, ada) as client, under_load(client) as load:
        await eventually(lambda: len(load.answers) > 50, within=20)
        async with connection_to(fresh_database_url) as connection:
            await connection.execute(EXPAND)
        migrated = len(load.answers)
        await eventually(lambda: len(load.answers) > migrated + 50, within=20)
        old_is_ready = await is_ready(client)
        new = start_server(fresh_database_url)
        async with client_of(new, ada) as newer_client:
            await eventually(lambda: is_ready(newer_client), within=20)
            async with under_load(newer_client) as newer_load:
                await eventually(lambda: len(newer_load.answers) > 50, within=20)

    assert old_is_ready
    assert (load.statuses, load.unanswered) == ({200}, [])
    assert (newer_load.statuses, newer_load.unanswered) == ({200}, [])
