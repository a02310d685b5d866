"""The example data: a folder for each language, a file in it for each noun."""

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import TypeAdapter

FOLDER = Path(__file__).parent
Data = TypeVar("Data")


def locales() -> list[str]:
    """The languages that have example data."""
    return sorted(path.parent.name for path in FOLDER.glob("*/users.yaml"))


def read(locale: str, noun: str, kind: type[Data]) -> dict[str, Data]:
    """What a language has of a noun, by the subject of its owner; nothing where there is no file.

    Raises:
        ValidationError: the file holds something else.
    """
    path = FOLDER / locale / f"{noun}.yaml"
    found = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None
    return TypeAdapter(dict[str, kind]).validate_python(found or {})  # type: ignore[valid-type] # known at run time only
