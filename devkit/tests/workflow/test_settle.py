"""What a merge needs beside its text: the lock file, and the database of the worktree."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from devkit.tests.workflow.changes import revision
from devkit.tests.workflow.conftest import Service

from service_devkit.workflow.revisions import Revision, parse_revision


def test_lock_of_uv_is_written_again_where_both_changed_it(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    project = '[project]\nname = "a"\nversion = "1"\nrequires-python = ">=3.11"\n[tool.uv]\npackage = false\n'
    groups = "\n[dependency-groups]\nbase = []\n"
    text = project + (service.root / "pyproject.toml").read_text() + groups
    _lock(service, service.root, text)
    there = service.start("feature/one")
    _lock(service, there, f"{text}ours = []\n")
    _lock(service, service.root, f"{text}theirs = []\n")

    with monkeypatch.context() as patched:
        patched.setenv("UV", "false")  # nothing that fulfils both
        refused = service.facts("finish", "one")
    found = service.facts("finish", "one", "--resume")

    assert ("uv lock failed" in refused["error"], "finish --resume" in refused["next"]) == (True, True), refused
    assert found["resolved"] == ["pyproject.toml"], found
    assert {"ours = []", "theirs = []"} <= {*(service.root / "uv.lock").read_text().splitlines()}


def _lock(service: Service, folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(text)
    subprocess.run(["uv", "lock", "--quiet", "--offline"], cwd=folder, check=True)  # noqa: S607 - uv from PATH
    service.commit("chore: requirements", {}, cwd=folder)


EMPTY = "\n\ndef upgrade() -> None:\n    pass\n\n\ndef downgrade() -> None:\n    pass\n"
# A service of a few lines, as the migrations of a real one take seconds.
SERVICE = {
    "alembic.ini": "[alembic]\nscript_location = alembic\nprepend_sys_path = .\nfile_template = %%(rev)s_%%(slug)s\n",
    "alembic/script.py.mako": '''"""${message}."""

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
''',
    "alembic/env.py": """import asyncio, os

from alembic import context
from sqlalchemy.ext.asyncio import create_async_engine

from app.models import metadata


def run(connection):
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()


async def main():
    engine = create_async_engine(os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+asyncpg:"))
    async with engine.begin() as connection:
        await connection.run_sync(run)


asyncio.run(main())
""",
    "alembic/versions/a.py": revision("aaaa", None) + EMPTY,
    "app/__init__.py": "",
    "app/__main__.py": """import sys

from alembic.config import main

down = sys.argv[-1] if "--down-to" in sys.argv else ""
main(["downgrade", down] if down else ["upgrade", "head"])
""",
    "app/models.py": "import sqlalchemy as sa\n\nmetadata = sa.MetaData()\n",
}
TABLE = """
def upgrade() -> None:
    op.create_table({name!r}, sa.Column("id", sa.Integer()))


def downgrade() -> None:
    op.drop_table({name!r})
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("revision: str = 'b'\ndown_revision: str | None = 'a'", Revision("b", ("a",), "b.py", simple=True)),
        ("revision = 'a'\ndown_revision = None", Revision("a", (), "b.py", simple=True)),
        ("revision = 'c'\ndown_revision = ('a', 'b')", Revision("c", ("a", "b"), "b.py", simple=False)),
        ("revision = 'c'\ndown_revision = ['a']\ndepends_on = 'x'", Revision("c", ("a",), "b.py", simple=False)),
        ("revision = 'c'\nbranch_labels = ('x',)", Revision("c", (), "b.py", simple=False)),
        ("revision = make()", None),
        ("revision: str", None),
        ("<<<<<<< HEAD\nrevision = 'b'", None),
    ],
)
def test_revision_is_read_by_its_text(text: str, expected: Revision | None) -> None:
    assert parse_revision("b.py", text) == expected


def _table(name: str, parent: str) -> str:
    return f"import sqlalchemy as sa\nfrom alembic import op\n\n{revision(name, parent)}{TABLE.format(name=name)}"


@pytest.mark.parametrize("downgrade", ['op.drop_table("one")', "raise NotImplementedError"])
def test_database_of_the_worktree_follows_its_migrations(with_database: Service, downgrade: str) -> None:
    with_database.commit("feat: app", SERVICE)
    there = with_database.start("feature/one")
    text = _table("one", "aaaa").replace("op.drop_table('one')", downgrade)
    with_database.commit("feat: one", {"alembic/versions/one.py": text}, cwd=there)
    _migrate(there)
    with_database.commit("feat: two", {"alembic/versions/two.py": _table("two", "aaaa")})

    found = with_database.facts("finish", "one", "--keep")
    _migrate(there)

    assert found["moved_migration"] == "alembic/versions/one.py", found
    asked = _exec(
        there, "psql", "-tAc", "SELECT to_regclass('one'), to_regclass('two'), version_num FROM alembic_version"
    )
    assert asked == "one|two|one\n"


def test_migration_to_write_again_is_the_last_one_and_the_only_head(service: Service) -> None:
    path = service.root / "alembic/versions/rooms.py"
    path.write_text(revision("rooms", "base"))
    left = service.root / ".dev/regenerating"
    left.mkdir(parents=True)
    path.rename(left / "rooms.py")  # as a killed command leaves it
    found = service.facts("regenerate-migration", "--dry-run")
    (path.parent / "halls.py").write_text(revision("halls", "base"))

    assert found["migration"] == "alembic/versions/rooms.py"
    assert "there are 2 heads" in service.facts("regenerate-migration")["error"]


def test_migration_is_written_again_after_its_model_changed(with_database: Service) -> None:
    model = SERVICE["app/models.py"] + 'sa.Table("rooms", metadata, sa.Column("seats", sa.Integer()))\n'
    with_database.commit("feat: app", SERVICE)
    refused = with_database.facts("regenerate-migration")
    (with_database.root / "app/models.py").write_text(model)
    path = with_database.root / "alembic/versions/rooms.py"
    path.write_text(f'"""Rooms of ours."""\n\n{_table("rooms", "aaaa")}')
    _migrate(with_database.root)
    text = path.read_text()
    path.write_text(text.replace("op.drop_table('rooms')", "raise NotImplementedError"))
    stuck = with_database.facts("regenerate-migration")
    path.write_text(text)
    template = with_database.root / "alembic/script.py.mako"
    template.rename(f"{template}.away")
    broken = with_database.facts("regenerate-migration")
    kept = path.read_text()
    Path(f"{template}.away").rename(template)

    found = with_database.facts("regenerate-migration")

    assert "alembic/versions/a.py is on main" in refused["error"]
    assert "cannot go back" in stuck["error"]
    assert ("cannot compare the models" in broken["error"], kept) == (True, text)
    assert found["migration"] == "alembic/versions/rooms.py", found
    text = path.read_text()
    assert "op.create_table('rooms',\n    sa.Column('seats', sa.Integer(), nullable=True)" in text
    assert text.startswith('"""Rooms of ours."""')
    assert ("revision = 'rooms'" in text, "down_revision = 'aaaa'" in text) == (True, True)
    assert 'sa.Column("id"' in Path(found["before"]).read_text()
    columns = "SELECT string_agg(column_name, ',') FROM information_schema.columns WHERE table_name = 'rooms'"
    assert _exec(with_database.root, "psql", "-tAc", columns) == "seats\n"


def _migrate(folder: Path) -> None:
    _exec(folder, "exec", "--", sys.executable, "-m", "app", "migrate")


def _exec(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "service_devkit", *arguments]
    environment = {**os.environ, "DATABASE_URL": "", "DIRECT_URL": ""}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)  # noqa: S603 - our own command
    assert done.returncode == 0, done.stderr
    return done.stdout
