"""What a merge needs beside its text: the lock file, and the database of the worktree."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from devkit.tests.processes import SERVICE
from devkit.tests.workflow.changes import revision
from devkit.tests.workflow.conftest import PYPROJECT, Service

from service_devkit.workflow.revisions import heads, read_revisions


def test_lock_of_uv_is_written_again_where_both_changed_it(service: Service) -> None:
    project = '[project]\nname = "a"\nversion = "1"\nrequires-python = ">=3.11"\n[tool.uv]\npackage = false\n'
    groups = "\n[dependency-groups]\nbase = []\n"
    text = project + (service.root / "pyproject.toml").read_text() + groups
    _lock(service, service.root, text)
    there = service.start("feature/one")
    _lock(service, there, f"{text}ours = []\n")
    _lock(service, service.root, f"{text}theirs = []\n")

    found = service.facts("finish", "one")

    assert found["resolved"] == ["pyproject.toml"], found
    assert {"ours = []", "theirs = []"} <= {*(service.root / "uv.lock").read_text().splitlines()}


def _lock(service: Service, folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(text)
    subprocess.run(["uv", "lock", "--quiet", "--offline"], cwd=folder, check=True)  # noqa: S607 - uv from PATH
    service.commit("chore: requirements", {}, cwd=folder)


TABLE = """
def upgrade() -> None:
    op.create_table({name!r}, sa.Column("id", sa.Integer()))


def downgrade() -> None:
    op.drop_table({name!r})
"""


def _table(name: str, parent: str) -> str:
    return f"import sqlalchemy as sa\nfrom alembic import op\n\n{revision(name, parent)}{TABLE.format(name=name)}"


def test_database_of_the_worktree_follows_its_migrations(folder: Path) -> None:
    root = folder / "service"
    root.mkdir()
    for name in ("alembic", "app", "dev"):
        shutil.copytree(SERVICE / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(SERVICE / "alembic.ini", root)
    hooks = 'database-settings = "app.core.settings.database:DatabaseSettings"\n'
    whole = Service(root)
    whole.git("init", "--quiet")
    text = PYPROJECT.replace("\n\n", f"\n{hooks}\n", 1)
    whole.commit("chore: begin", {"pyproject.toml": text, ".gitignore": ".env\n.dev/\n.venv/\n__pycache__/\n"})
    head = heads(read_revisions(root))[0]
    there = whole.start("feature/one")
    whole.commit("feat: one", {"alembic/versions/one.py": _table("one", head)}, cwd=there)
    _migrate(there)
    whole.commit("feat: two", {"alembic/versions/two.py": _table("two", head)})

    found = whole.facts("finish", "one", "--keep")
    _migrate(there)

    assert found["moved_migration"] == "alembic/versions/one.py", found
    asked = _exec(
        there, "psql", "-tAc", "SELECT to_regclass('one'), to_regclass('two'), version_num FROM alembic_version"
    )
    assert asked == "one|two|one\n"


def _migrate(folder: Path) -> None:
    _exec(folder, "exec", "--", sys.executable, "-m", "app", "migrate")


def _exec(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "service_devkit", *arguments]
    environment = {**os.environ, "DATABASE_URL": "", "DIRECT_URL": ""}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)  # noqa: S603 - our own command
    assert done.returncode == 0, done.stderr
    return done.stdout
