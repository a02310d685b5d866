"""A connection that fails: commands name cause and remedy, and never the password."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from service_devkit.postgres.server import free_port
from sqlalchemy.engine import URL, make_url

from tests.mechanism.support import connection_to, run_command

pytestmark = pytest.mark.live

SECRET = "hidden-from-all"
COMMANDS = ("migrate", "doctor", "seed")


def assert_reported(folder: Path, url: URL, *messages: str, commands: Sequence[str] = COMMANDS[:1]) -> None:
    """The commands that operators run name the cause and what to do."""
    environment = {"DATABASE_URL": url.set(drivername="postgresql").render_as_string(hide_password=False)}
    for command in commands:
        result = run_command(folder, environment, command)
        text = result.stdout + result.stderr

        assert result.returncode != 0
        assert not [part for part in messages if part not in text], f"{command}: {text}"
        assert SECRET not in text
        assert "Traceback" not in text


@pytest.mark.parametrize(
    ("change", "messages"),
    [
        ({"host": "no-such-host.invalid"}, "the host is not known: correct it in DATABASE_URL"),
        ({"query": {"sslmode": "require"}}, "rejected SSL upgrade; switch TLS on in the server"),
        ({"username": "nobody"}, "correct user and "),
        ({"database": "nowhere"}, 'database "nowhere" does not exist; create the database'),
    ],
)
def test_cause_of_a_failed_connection_is_reported(
    tmp_path: Path, live_database_url: str, change: dict[str, str], messages: str
) -> None:
    assert_reported(tmp_path, make_url(live_database_url).set(**change), messages, commands=COMMANDS)  # type: ignore[arg-type]


def test_socket_that_is_not_there_is_reported(tmp_path: Path) -> None:
    assert_reported(
        tmp_path, make_url("postgresql://ada@/db?host=/none/at/all"), "there is no such socket: start PostgreSQL"
    )


def test_port_where_nothing_listens_is_reported(tmp_path: Path, live_database_url: str) -> None:
    assert_reported(
        tmp_path, make_url(live_database_url).set(port=free_port(), password=SECRET), "nothing listens there"
    )


async def test_wrong_password_is_reported(tmp_path: Path, live_database_url: str) -> None:
    url = make_url(live_database_url)

    assert_reported(
        tmp_path, url.set(password=SECRET), "password authentication failed for user", "correct user and password"
    )


async def test_too_many_connections_are_told(tmp_path: Path, fresh_database_url: str) -> None:
    async with connection_to(fresh_database_url) as connection:
        await connection.execute("CREATE ROLE few LOGIN PASSWORD 'visibly-fake' CONNECTION LIMIT 0")
        try:
            url = make_url(fresh_database_url).set(username="few", password="visibly-fake")
            await asyncio.to_thread(
                assert_reported, tmp_path, url, "too many connections", "lower DB_POOL_SIZE or WORKERS"
            )
        finally:
            await connection.execute("DROP ROLE few")
