"""A project of its own for each test, in which the rules can be broken."""

import shutil
import textwrap
from pathlib import Path

from alembic import command
from alembic.config import Config

from dev.migrations.database import in_thread
from dev.migrations.history import ROOT, alembic_config, revisions

BOOKS = """
op.create_table("books", sa.Column("id", sa.Uuid(), primary_key=True), sa.Column("title", sa.Text(), nullable=False))
op.create_index("ix_books_title", "books", ["title"])
"""
NO_BOOKS = 'op.drop_table("books")'


class Project:
    """A folder with the real `env.py` and revisions made up here."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.versions = root / "alembic" / "versions"
        self.versions.mkdir(parents=True)
        for name in ("alembic.ini", "alembic/env.py", "alembic/script.py.mako"):
            shutil.copyfile(ROOT / name, root / name)

    def config(self, url: str | None = None) -> Config:
        return alembic_config(self.root, url=url)

    def add(
        self, upgrade: str, downgrade: str = "pass", *, revision: str, after: str | None, comment: str = ""
    ) -> Path:
        path = self.versions / f"20261121_{revision}_test.py"
        path.write_text(
            f"import sqlalchemy as sa\nfrom alembic import op\n{comment}\n"
            f"revision = {revision!r}\ndown_revision = {after!r}\n"
            f"def upgrade():\n{textwrap.indent(upgrade.strip(), '    ')}\n"
            f"def downgrade():\n{textwrap.indent(downgrade.strip(), '    ')}\n",
            encoding="utf-8",
        )
        return path

    def add_two(self, upgrade: str, downgrade: str = "pass", *, comment: str = "") -> Path:
        self.add(BOOKS, NO_BOOKS, revision="b00000000001", after=None)
        return self.add(upgrade, downgrade, revision="b00000000002", after="b00000000001", comment=comment)

    def migrate(self, url: str) -> None:
        in_thread(command.upgrade, self.config(url), "head")

    def copy_revisions(self) -> str:
        """Take over the service's own revisions; the last one."""
        shutil.copytree(ROOT / "alembic" / "versions", self.versions, dirs_exist_ok=True)
        return str(revisions(self.config())[-1].revision)
