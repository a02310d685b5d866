"""The revisions as files: how Alembic is told about them, their names, and that they have one head."""

import io
import re
import warnings
from argparse import Namespace
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from alembic.config import Config
from alembic.script import Script, ScriptDirectory

ROOT: Final = Path(__file__).resolve().parents[2]
FILE_NAME: Final = re.compile(r"(?P<date>\d{8})_(?P<revision>[0-9a-z]+)_[a-z0-9_]+\.py")


def alembic_config(root: Path = ROOT, *, url: str | None = None) -> Config:
    """Alembic for the project at `root`, silent; `url` is the database instead of the one in the settings."""
    config = Config(root / "alembic.ini", stdout=io.StringIO(), cmd_opts=Namespace(quiet=True))
    if url is not None:
        config.attributes["url"] = url
    return config


def revisions(config: Config) -> list[Script]:
    """Every revision, oldest first. Raises whatever a revision raises when it is loaded."""
    return [*ScriptDirectory.from_config(config).walk_revisions()][::-1]


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


def wrong_heads(config: Config) -> Iterator[str]:
    """Nothing, or that there are several heads, and which line to change."""
    directory = ScriptDirectory.from_config(config)
    heads = sorted((directory.get_revision(head) for head in directory.get_heads()), key=path_of)
    if len(heads) <= 1:
        return
    names = ", ".join(f"{head.revision} ({path_of(head)})" for head in heads)
    root = _first_alone(directory, keep=heads[0], move=heads[-1])
    yield (
        f"{len(heads)} heads: {names}. Put one behind the other: "
        f'write down_revision = "{heads[0].revision}" in {path_of(root)}'
    )


def _first_alone(directory: ScriptDirectory, *, keep: Script, move: Script) -> Script:
    """The oldest revision of one branch that the other branch does not have."""
    kept = {script.revision for script in directory.iterate_revisions(keep.revision, "base")}
    line = [script for script in directory.iterate_revisions(move.revision, "base") if script.revision not in kept]
    return line[-1]


def wrong_names(config: Config) -> Iterator[str]:
    """The files that are not called by date, revision and subject."""
    for script in revisions(config):
        found = FILE_NAME.fullmatch(Path(script.path).name)
        if found is None or found["revision"] != script.revision or not _is_date(found["date"]):
            yield f"{path_of(script)}: must be called YYYYMMDD_{script.revision}_subject.py, with the day it was made"


def _is_date(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y%m%d")  # noqa: DTZ007 - a day, no moment
    except ValueError:
        return False
    return True
