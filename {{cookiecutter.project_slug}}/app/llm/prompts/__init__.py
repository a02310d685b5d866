"""Instructions for models: one file for each purpose and language, `NAME.LANGUAGE.md`."""

from functools import cache
from pathlib import Path
from typing import Final

from app.core.i18n import DEFAULT

FOLDER: Final = Path(__file__).parent


@cache
def read_prompt(name: str, language: str) -> str:
    """The prompt in a language; in English where there is none."""
    path = FOLDER / f"{name}.{language}.md"
    return (path if path.exists() else FOLDER / f"{name}.{DEFAULT}.md").read_text(encoding="utf-8")
