"""Nobody writes to the database of another service, or to one that cannot hold what this one writes."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from service_devkit.fixtures.postgres import Template, execute

from app.core.project import DATABASE_OWNER
from tests.mechanism.support import connection_to, run_command

pytestmark = pytest.mark.live

MARK = "SELECT obj_description('alembic_version'::regclass, 'pg_class')"
FOREIGN = "COMMENT ON TABLE alembic_version IS 'another (auth=other)'"
UNMARKED = "COMMENT ON TABLE alembic_version IS NULL"
PEOPLE = "SELECT count(*) FROM users"


@pytest.fixture
async def empty_database_url(postgres_template: Template, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A database that nothing was ever done to; its encoding may be the parameter of the test."""
    name, encoding = f"empty_{secrets.token_hex(4)}_test", getattr(request, "param", "UTF8")
    await execute(
        postgres_template.server_url,
        f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'",
    )
    yield postgres_template.url(name)
    await execute(postgres_template.server_url, f"DROP DATABASE {name} WITH (FORCE)")


async def ask(url: str, *statements: str) -> object:
    """The first value of the last statement."""
    async with connection_to(url) as connection:
        *before, last = statements
        for statement in before:
            await connection.execute(statement)
        return await connection.fetchval(last)


async def test_first_migration_marks_the_database(tmp_path: Path, empty_database_url: str) -> None:
    result = run_command(tmp_path, {"DATABASE_URL": empty_database_url}, "migrate")

    assert (result.returncode, result.stdout) == (0, "migrated to head\n")
    assert await ask(empty_database_url, MARK) == DATABASE_OWNER


async def test_mark_survives_the_way_down_and_up(tmp_path: Path, fresh_database_url: str) -> None:
    environment = {"DATABASE_URL": fresh_database_url}

    down = run_command(tmp_path, environment, "migrate", "--down-to", "base")
    up = run_command(tmp_path, environment, "migrate")

    assert (down.returncode, up.returncode) == (0, 0), down.stderr + up.stderr
    assert await ask(fresh_database_url, MARK) == DATABASE_OWNER


@pytest.mark.parametrize(
    "command", [["migrate"], ["migrate", "--down-to", "base"], ["seed"], ["create-user", "x", "y", "--name", "Ada"]]
)
async def test_database_of_another_service_is_refused(
    tmp_path: Path, fresh_database_url: str, command: list[str]
) -> None:
    await ask(fresh_database_url, FOREIGN)

    result = run_command(tmp_path, {"DATABASE_URL": fresh_database_url}, *command)

    assert result.returncode == 2
    assert result.stderr.startswith(f"The database belongs to another (auth=other); this is {DATABASE_OWNER}.")
    assert len(result.stderr.splitlines()) == 1
    assert await ask(fresh_database_url, PEOPLE) == 0
    assert await ask(fresh_database_url, MARK) == "another (auth=other)"


async def test_doctor_names_the_other_service(tmp_path: Path, fresh_database_url: str) -> None:
    await ask(fresh_database_url, FOREIGN)

    result = run_command(tmp_path, {"DATABASE_URL": fresh_database_url}, "doctor")

    assert result.returncode == 1
    assert "BAD  database\n     The database belongs to another (auth=other)" in result.stdout


async def test_adopting_keeps_the_name_that_running_processes_know(tmp_path: Path, fresh_database_url: str) -> None:
    await ask(fresh_database_url, FOREIGN)

    result = run_command(tmp_path, {"DATABASE_URL": fresh_database_url}, "migrate", "--adopt")

    assert result.returncode == 0, result.stderr
    assert await ask(fresh_database_url, MARK) == f"another (auth=other), {DATABASE_OWNER}"
    assert run_command(tmp_path, {"DATABASE_URL": fresh_database_url}, "seed").returncode == 0


async def test_database_from_before_the_mark_is_taken_where_its_tables_are_ours(
    tmp_path: Path, fresh_database_url: str
) -> None:
    await ask(fresh_database_url, UNMARKED)

    result = run_command(tmp_path, {"DATABASE_URL": fresh_database_url}, "migrate")

    assert result.returncode == 0, result.stderr
    assert await ask(fresh_database_url, MARK) == DATABASE_OWNER


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("CREATE TABLE invoices (id int)", "it has invoices. "),
        ("ALTER TABLE users RENAME TO people", "it lacks users and has people. "),
        ("UPDATE alembic_version SET version_num = 'elsewhere'", "is at the revision elsewhere, which is not of this"),
        ("DELETE FROM alembic_version", " and its tables are not those of this one: it has "),
        ("DROP TABLE alembic_version", " and its tables are not those of this one: it has "),
    ],
)
async def test_database_without_a_mark_is_refused_where_its_tables_are_not_ours(
    tmp_path: Path, fresh_database_url: str, change: str, message: str
) -> None:
    tables = "SELECT count(*) FROM pg_class"
    await ask(fresh_database_url, UNMARKED, change)
    before = await ask(fresh_database_url, tables)

    result = run_command(tmp_path, {"DATABASE_URL": fresh_database_url}, "migrate")

    assert result.returncode == 2, result.stdout
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert await ask(fresh_database_url, tables) == before


@pytest.mark.parametrize("empty_database_url", ["LATIN1", "SQL_ASCII"], indirect=True)
@pytest.mark.parametrize("command", ["migrate", "doctor", "seed"])
async def test_database_that_is_not_utf8_is_refused(tmp_path: Path, empty_database_url: str, command: str) -> None:
    result = run_command(tmp_path, {"DATABASE_URL": empty_database_url}, command)

    assert result.returncode != 0
    assert "cannot hold every name; this service needs UTF8" in result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    assert await ask(empty_database_url, "SELECT to_regclass('alembic_version')") is None


async def test_command_on_a_database_without_migrations_says_so(tmp_path: Path, empty_database_url: str) -> None:
    result = run_command(tmp_path, {"DATABASE_URL": empty_database_url}, "seed")

    assert (result.returncode, result.stderr) == (2, "migrations are missing; run `python -m app migrate`\n")
