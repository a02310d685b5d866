"""Running the migrations, and knowing which one the code expects."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

ROOT = Path(__file__).parents[2]


def migration_config() -> Config:
    """Alembic's configuration, wherever the process was started."""
    return Config(ROOT / "alembic.ini")


def head_revision() -> str | None:
    """The newest revision that the code knows."""
    return ScriptDirectory.from_config(migration_config()).get_current_head()


def upgrade(revision: str = "head") -> None:
    """Bring the database of the settings forward. Runs its own event loop: call it from synchronous code."""
    command.upgrade(migration_config(), revision)


def downgrade(revision: str) -> None:
    """Take the database of the settings back to a revision, or to `base`. Runs its own event loop."""
    command.downgrade(migration_config(), revision)
