"""The command line, as a person runs it."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
import watchfiles

from app.cli import serve
from tests.cli.conftest import Run, rows


def test_help_names_every_command(run: Run) -> None:
    result = run("--help")

    assert result.status == 0
    for command in ("serve", "migrate", "seed", "create-user", "set-role", "openapi", "doctor", "healthcheck"):
        assert f"  {command} " in result.stdout


def test_command_that_is_not_there_is_said(run: Run) -> None:
    result = run("server")

    assert result.status == 2
    assert "No such command" in result.stderr


def test_health_check_loads_neither_the_web_framework_nor_the_server() -> None:
    script = "import sys; from app.cli import cli; cli.get_command(None, 'healthcheck'); print({'fastapi', 'uvicorn', 'alembic'} & {*sys.modules})"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603 - our own script

    assert done.stdout == "set()\n"


def test_migrate_down_and_up(run: Run, fresh_database_url: str) -> None:
    down = run("migrate", "--down-to", "base")
    up = run("migrate")

    assert (down.status, up.status) == (0, 0), down.stderr + up.stderr
    assert up.stdout == "migrated to head\n"
    assert rows(fresh_database_url, "SELECT 1 FROM alembic_version") != []


def test_migrate_of_an_older_release_leaves_a_newer_database_alone(run: Run, fresh_database_url: str) -> None:
    rows(fresh_database_url, "UPDATE alembic_version SET version_num = 'ffffffffffff' RETURNING 1")

    result = run("migrate")

    assert (result.status, result.stdout) == (
        0,
        "nothing to do: the database is ahead of this release, which works with it\n",
    ), result.stderr
    assert rows(fresh_database_url, "SELECT version_num FROM alembic_version") == [("ffffffffffff",)]


def test_revision_that_is_not_there_is_said_without_a_traceback(run: Run) -> None:
    result = run("migrate", "--down-to", "nope")

    assert result.status == 1
    assert result.stderr == "Error: Can't locate revision identified by 'nope'\n"


def test_database_that_refuses_is_said_without_a_traceback(run: Run, fresh_database_url: str) -> None:
    result = run("migrate", DATABASE_URL=fresh_database_url.replace("postgres:", "nobody:"))

    assert result.status == 2
    assert "password authentication failed" in result.stderr
    assert "correct user and password" in result.stderr


def test_seed_twice_adds_once_in_both_languages(run: Run, fresh_database_url: str) -> None:
    first = run("seed")
    second = run("seed")

    assert first.stdout.startswith("2 users"), first.stderr
    assert second.stdout.startswith("0 users")
    people = rows(fresh_database_url, "SELECT display_name, locale FROM users ORDER BY locale")
    assert [tuple(row) for row in people] == [("Ada Lovelace", "en"), ("Émilie du Châtelet", "fr")]


def test_seed_of_one_language_leaves_the_others_out(run: Run, fresh_database_url: str) -> None:
    french = [run("seed", "--locale", "fr").stdout[:7] for _ in range(2)]
    unknown = run("seed", "--locale", "xx")

    assert french == ["1 users", "0 users"]
    assert [*rows(fresh_database_url, "SELECT display_name FROM users")[0]] == ["Émilie du Châtelet"]
    assert (unknown.status, "'xx' is not one of 'en', 'fr'" in unknown.stderr) == (2, True)


def test_seed_is_for_development(run: Run) -> None:
    result = run("seed", ENVIRONMENT="staging", SECRET_KEY="kX7-visibly-fake-9sQ2-key-for-tests-only")

    assert result.status == 1
    assert "--force" in result.stderr


def test_user_is_made_once(run: Run) -> None:
    first = run("create-user", "test", "42", "--name", "Ada", "--locale", "fr")
    second = run("create-user", "test", "42", "--name", "Other")

    assert str(UUID(first.stdout.strip())) == first.stdout.strip()
    assert second.stdout == first.stdout


def test_person_is_given_a_role(run: Run, fresh_database_url: str) -> None:
    run("create-user", "test", "42", "--name", "Ada")

    result = run("set-role", "test", "42", "viewer")

    assert result.stdout.endswith(" is viewer\n")
    assert [row["role"] for row in rows(fresh_database_url, "SELECT role FROM users")] == ["viewer"]


def test_people_are_listed_as_their_roles_are_set(run: Run) -> None:
    run("create-user", "test", "41", "--name", "Bea")
    run("create-user", "test", "42", "--name", "Ada")
    run("set-role", "test", "42", "staff")

    everybody, staff, bea, nobody = (
        run("users"),
        run("users", "--role", "staff"),
        run("users", "BEA"),
        run("users", "%"),
    )

    assert everybody.stdout == "staff    test 42 Ada\nmember   test 41 Bea\n"
    assert (staff.stdout, bea.stdout, nobody.stdout) == ("staff    test 42 Ada\n", "member   test 41 Bea\n", "")


def test_role_of_nobody_is_said_without_a_traceback(run: Run) -> None:
    result = run("set-role", "test", "42", "viewer")

    assert (result.status, result.stderr) == (2, "No user is known to test as 42.\n")


def test_openapi_is_written_to_a_file(run: Run, tmp_path: Path) -> None:
    result = run("openapi", "--output", str(tmp_path / "openapi.json"))

    assert result.status == 0
    document = json.loads((tmp_path / "openapi.json").read_text(encoding="utf-8"))
    assert document["openapi"].startswith("3.1")
    assert "/api/v1/users/me" in document["paths"]
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_doctor_is_content_with_a_healthy_service(run: Run) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    result = run("doctor", PORT=str(port))

    assert result.status == 0
    assert result.stdout.splitlines() == [
        "ok   settings (test)",
        "ok   database",
        "ok   migrations",
        f"ok   port {port}",
    ]


def test_doctor_says_how_to_mend_migrations_and_port(run: Run) -> None:
    run("migrate", "--down-to", "base")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = run("doctor", PORT=str(taken.getsockname()[1]))

    assert result.status == 1
    assert "BAD  migrations\n     run `just migrate`" in result.stdout
    assert "is in use. Stop what listens there, or set another PORT" in result.stdout


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"DATABASE_URL": ""}, "DATABASE_URL is not set; `just dev` brings a database"),
        ({"DATABASE_URL": "mysql://u:hunter2@h/db", "DIRECT_URL": "nope"}, "DIRECT_URL: is not a database URL"),
        (
            {"DATABASE_URL": "postgresql://u:hunter2@127.0.0.1:9/db"},
            "nothing listens there: start PostgreSQL, or correct host and port of DATABASE_URL",
        ),
        ({"PORT": "0"}, "PORT: "),
    ],
)
def test_doctor_says_what_is_wrong(run: Run, settings: dict[str, str], complaint: str) -> None:
    result = run("doctor", **settings)

    assert result.status == 1
    assert complaint in result.stdout
    assert "hunter2" not in result.stdout


@pytest.mark.parametrize("command", ["migrate", "seed", "serve"])
def test_wrong_setting_is_said_without_a_traceback(run: Run, command: str) -> None:
    result = run(command, PORT="0")

    assert result.status == 2
    assert result.stderr.startswith("1 setting is wrong:\n  PORT: ")


@pytest.mark.parametrize(
    ("url", "complaint"),
    [("", "DATABASE_URL is not set"), ("postgresql://u:p@127.0.0.1:9/db", "nothing listens there: start PostgreSQL")],
)
@pytest.mark.parametrize("command", ["migrate", "seed"])
def test_database_that_cannot_be_used_is_said_without_a_traceback(
    run: Run, command: str, url: str, complaint: str
) -> None:
    result = run(command, DATABASE_URL=url)

    assert result.status == 2
    assert complaint in result.stderr


@pytest.mark.parametrize("refusal", [OSError("watch limit reached"), RuntimeError("too many open files")])
def test_reload_without_watches_of_the_system_looks_by_polling_and_says_so(
    monkeypatch: pytest.MonkeyPatch, logs: list[dict[str, object]], refusal: Exception
) -> None:
    def refuse(*_folders: object, **_options: object) -> Iterator[object]:
        yield from ()
        raise refusal

    monkeypatch.setenv("WATCHFILES_FORCE_POLLING", "")
    monkeypatch.setattr(watchfiles, "watch", refuse)

    serve.watch_by_polling_where_the_system_cannot([Path("app")])

    assert os.environ["WATCHFILES_FORCE_POLLING"] == "true"
    assert logs[-1]["event"] == "changes are looked for by polling"
    assert "max_user_watches" in str(logs[-1]["remedy"])
    assert str(refusal) == logs[-1]["cause"]
