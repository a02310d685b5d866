"""A write that was answered with success is stored; a write that was not stored is never answered with success."""

import asyncio
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

import asyncpg
import httpx2
import pytest
from service_devkit.fixtures.server import StartServer

from tests.mechanism.conftest import Fragile
from tests.mechanism.support import PROBLEM, assert_unavailable, client_of, connection_to, eventually, get, rename

pytestmark = pytest.mark.live

REFUSE_AT_COMMIT = """
    CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'refused at commit' USING ERRCODE = '{code}'; END $$;
    DROP TRIGGER IF EXISTS refuse ON users;
    CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON users DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION refuse();
"""
# What PostgreSQL can say at COMMIT, and what the client gets.
REFUSALS = {
    "23514": 409,  # a deferred constraint is violated
    "P0001": 500,  # something that nobody expected
    "40001": 503,  # two transactions got in each other's way
    "57014": 503,  # cancelled
}
KEEP_EVERY_NAME = """
    CREATE TABLE stored_names (name text PRIMARY KEY);
    CREATE FUNCTION keep_name() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO stored_names VALUES (NEW.display_name); RETURN NEW; END $$;
    CREATE TRIGGER keep_name AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION keep_name();
"""


async def test_write_that_is_refused_at_commit_is_an_error_and_leaves_nothing(
    fresh_database_url: str, start_server: StartServer, ada: Mapping[str, str]
) -> None:
    server = start_server(fresh_database_url)

    async with client_of(server, ada) as client, connection_to(fresh_database_url) as connection:
        before = (await get(client)).answer.json()
        refused = {code: await _refused(client, connection, code) for code in REFUSALS}
        after = (await get(client)).answer.json()

    assert {code: answer.status_code for code, answer in refused.items()} == REFUSALS
    assert {answer.headers["content-type"] for answer in refused.values()} == {PROBLEM}
    assert [answer.text for answer in refused.values() if "refused" in answer.text] == []
    assert after == before


async def _refused(client: httpx2.AsyncClient, connection: asyncpg.Connection, code: str) -> httpx2.Response:
    await connection.execute(REFUSE_AT_COMMIT.format(code=code))
    return (await rename(client, "Refused at commit")).answer


@dataclass
class Writes:
    """Names that were sent, by what was said about them."""

    done: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)

    async def run(self, client: httpx2.AsyncClient, names: "itertools.count[int]", stopped: asyncio.Event) -> None:
        """Write until stopped."""
        while not stopped.is_set():
            name = f"name {next(names)}"
            answer = (await rename(client, name)).answer
            if answer.status_code == 200:
                assert answer.json()["display_name"] == name
                self.done.add(name)
            else:
                assert_unavailable(answer)
                self.unknown.add(name)


async def test_no_confirmed_write_is_lost_when_postgres_is_killed(
    fragile: Fragile, start_server: StartServer, ada: Mapping[str, str]
) -> None:
    server = start_server(fragile.url)
    writes, stopped, names = Writes(), asyncio.Event(), itertools.count()

    async with client_of(server, ada) as client:
        await get(client)
        async with connection_to(fragile.url) as connection:
            await connection.execute(KEEP_EVERY_NAME)
        async with asyncio.TaskGroup() as group:
            for _ in range(8):
                group.create_task(writes.run(client, names, stopped))
            for _ in range(2):
                done, unknown = len(writes.done), len(writes.unknown)
                await eventually(lambda: len(writes.done) > done + 30, within=20)  # noqa: B023 - called before the next round
                fragile.kill()
                await eventually(lambda: len(writes.unknown) > unknown + 8, within=20)  # noqa: B023 - as above
                await asyncio.to_thread(fragile.start)
            stopped.set()

    # The server does without fsync. That loses nothing here: what it wrote before it was killed is in the page cache of the kernel, which lives on.
    stored = await _stored_names(fragile.url)
    assert writes.done - stored == set()
    # A write whose COMMIT was under way may be there: its client was asked to try again, not that it failed.
    assert stored - writes.done <= writes.unknown


async def _stored_names(url: str) -> set[str]:
    async with connection_to(url) as connection:
        return {row["name"] for row in await connection.fetch("SELECT name FROM stored_names")}
