"""`python -m dev.migrations`, as a developer meets it."""

import pytest
from click.testing import CliRunner
from sqlalchemy import Column, Integer, Table

from app.models import Base
from dev.migrations import __main__ as commands
from dev.migrations.history import wrong_names
from tests.dev.migrations.project import Project


def test_new_writes_a_dated_and_formatted_revision(project: Project, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    project.copy_revisions()
    project.migrate(url)
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setattr(commands, "alembic_config", lambda: project.config(url))
    table = Table("volumes", Base.metadata, Column("id", Integer(), primary_key=True))

    try:
        result = CliRunner().invoke(commands.main, ["new", "add volumes"])
    finally:
        Base.metadata.remove(table)

    (path,) = project.versions.glob("*_add_volumes.py")
    assert result.exit_code == 0, result.output
    assert f"alembic/versions/{path.name}" in result.output
    assert list(wrong_names(project.config())) == []
    assert 'op.create_table(\n        "volumes",' in path.read_text(encoding="utf-8")


def test_new_on_a_database_that_is_behind_says_what_to_run_first(
    project: Project, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.copy_revisions()
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setattr(commands, "alembic_config", lambda: project.config(url))

    result = CliRunner().invoke(commands.main, ["new", "add volumes"])

    assert result.exit_code == 1
    assert "run `just migrate` first" in result.output


def test_new_without_a_database_says_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("DIRECT_URL", raising=False)

    result = CliRunner().invoke(commands.main, ["new", "add volumes"])

    assert result.exit_code == 1
    assert '`just migration "add a title"`' in result.output


@pytest.mark.parametrize("message", ["", 'a """ quote', "Été", "back\\slash"])
def test_new_refuses_a_message_that_makes_no_file_name(message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")

    result = CliRunner().invoke(commands.main, ["new", message])

    assert "write plain letters, digits and spaces" in result.output


def test_check_stops_at_the_first_rule_that_is_broken(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.add_two("pass")
    project.add("pass", revision="c00000000001", after="b00000000001")
    monkeypatch.setattr(commands, "alembic_config", project.config)

    result = CliRunner().invoke(commands.main, ["check"])

    assert result.exit_code == 1
    assert result.output.startswith("ok      unbroken chain\nFAILED  one head\n2 heads: b00000000002")
    assert "file names" not in result.output


def test_check_of_a_good_history_tells_every_rule(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.copy_revisions()
    monkeypatch.setattr(commands, "alembic_config", project.config)

    result = CliRunner().invoke(commands.main, ["check"])

    assert result.exit_code == 0, result.output
    assert [line.split(maxsplit=1) for line in result.output.splitlines()[:6]] == [
        ["ok", "unbroken chain"],
        ["ok", "one head"],
        ["ok", "file names"],
        ["ok", "no dangerous statement"],
        ["ok", "up, down, up"],
        ["ok", "models and migrations agree"],
    ]
