"""Where the project stands, and where its programs are."""

import shutil
import sys
import sysconfig
from pathlib import Path
from typing import Final

import click

ROOT: Final = Path(__file__).resolve().parents[1]


def executable(name: str) -> str:
    """The program of this name that belongs to the running interpreter, wherever PATH points."""
    if name == "python":
        return sys.executable
    found = shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)
    if found is None:
        raise click.ClickException(f"{name} is not installed. Install the development dependencies: uv sync")
    return found
