"""The migrations of a service as files."""

import io
import warnings
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from alembic.config import Config
from alembic.script import Script, ScriptDirectory


def alembic_config(root: Path) -> Config:
    """Alembic for the service at `root`, silent."""
    config = Config(root / "alembic.ini", stdout=io.StringIO(), cmd_opts=Namespace(quiet=True))
    # Wherever we run, and whatever the folder is called: `%` is syntax here.
    config.set_main_option("script_location", str(root / "alembic").replace("%", "%%"))
    return config


def revisions(config: Config) -> list[Script]:
    """Every revision, oldest first. Raises whatever a revision raises when it is loaded."""
    return [*ScriptDirectory.from_config(config).walk_revisions()][::-1]


def head_of(config: Config) -> str | None:
    """The newest revision; None where there is none. Raises as `revisions` does, and where there are several."""
    return ScriptDirectory.from_config(config).get_current_head()


def path_of(script: Script) -> str:
    """Where the revision stands, relative to the project."""
    return Path(*Path(script.path).parts[-3:]).as_posix()


def broken_links(config: Config) -> Iterator[str]:
    """Nothing, or the revision that cannot be loaded, stands twice, or follows one that does not exist."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # what Alembic only warns of here fails later, without a word
        try:
            revisions(config)
        except Exception as error:  # noqa: BLE001 - a revision may raise anything
            yield f"{type(error).__name__}: {error}"
