"""Running the migrations. The only module that imports Alembic: servers do without it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script.revision import ResolutionError
from alembic.util import CommandError

__all__ = ["CommandError", "downgrade", "migration_config", "upgrade"]
ROOT = Path(__file__).parents[2]


def migration_config() -> Config:
    """Alembic's configuration, wherever the process was started."""
    config = Config(ROOT / "alembic.ini")
    # Not `%(here)s` in the file: a `%` in the path would be syntax.
    config.set_main_option("script_location", str(ROOT / "alembic").replace("%", "%%"))
    return config


def upgrade(revision: str = "head", *, adopt: bool = False) -> bool:
    """Bring the database of the settings forward; False where it is ahead of this code, which is fine. Runs its own event loop: call it from synchronous code.

    `adopt` takes it as this service's own, whatever it says.

    Raises:
        WrongDatabase: it belongs to another service, or cannot hold what this one writes.
    """
    config = migration_config()
    config.attributes.update(adopt=adopt, mark=True)
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        if revision == "head" and isinstance(error.__cause__, ResolutionError):  # what the database has is unknown here
            return False
        raise
    return True


def downgrade(revision: str) -> None:
    """Take the database of the settings back to a revision, or to `base`. Runs its own event loop."""
    command.downgrade(migration_config(), revision)
