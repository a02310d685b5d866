"""Running the migrations. The only module that imports Alembic: servers do without it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError

__all__ = ["CommandError", "downgrade", "migration_config", "upgrade"]
ROOT = Path(__file__).parents[2]


def migration_config() -> Config:
    """Alembic's configuration, wherever the process was started."""
    config = Config(ROOT / "alembic.ini")
    # Not `%(here)s` in the file: a `%` in the path would be syntax.
    config.set_main_option("script_location", str(ROOT / "alembic").replace("%", "%%"))
    return config


def upgrade(revision: str = "head", *, adopt: bool = False) -> None:
    """Bring the database of the settings forward. Runs its own event loop: call it from synchronous code.

    `adopt` takes it as this service's own, whatever it says.

    Raises:
        WrongDatabase: it belongs to another service, or cannot hold what this one writes.
    """
    config = migration_config()
    config.attributes.update(adopt=adopt, mark=True)
    command.upgrade(config, revision)


def downgrade(revision: str) -> None:
    """Take the database of the settings back to a revision, or to `base`. Runs its own event loop."""
    command.downgrade(migration_config(), revision)
