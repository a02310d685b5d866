"""Which migration the code expects."""

import re
from pathlib import Path

VERSIONS = Path(__file__).parents[2] / "alembic" / "versions"
_REVISION = re.compile(r"^revision\b.* = (.*)$", re.MULTILINE)
_PARENTS = re.compile(r"^down_revision\b.* = (.*)$", re.MULTILINE)
_NAME = re.compile(r"""["'](\w+)["']""")


def head_revision(versions: Path = VERSIONS) -> str | None:
    """The newest revision that the code knows; None where there is none.

    Read as text, because a server needs nothing else of Alembic, which would cost each worker a tenth of a second and 10 MiB. That the files look
    like this, and have one head, is held by the gate `migrations`.
    """
    texts = [path.read_text(encoding="utf-8") for path in versions.glob("*.py")]
    return next(iter(_names(_REVISION, texts) - _names(_PARENTS, texts)), None)


def _names(line: re.Pattern[str], texts: list[str]) -> set[str]:
    """What stands in quotes on such a line."""
    return {name for text in texts for found in line.findall(text) for name in _NAME.findall(found)}
