"""Names of branches, and of what is called after them."""

import re
from typing import Final

from service_devkit.workflow.command import Refused

KINDS: Final = ("feature", "fix", "refactor")
HOTFIX: Final = "hotfix"
MAX_NAME: Final = 40
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def parse_branch(branch: str, *, hotfix: bool) -> tuple[str, str]:
    """Kind and name of a branch such as `feature/bookings`.

    Raises:
        Refused: it is no such name.
    """
    kinds = (HOTFIX,) if hotfix else KINDS
    kind, slash, name = branch.partition("/")
    if slash and kind in kinds and len(name) <= MAX_NAME and _NAME.fullmatch(name):
        return kind, name
    better = f"{kind if kind in kinds else kinds[0]}/{slug(name or kind)}"
    known = ", ".join(f"{each}/NAME" for each in kinds)
    raise Refused(
        f"{branch!r} is no name for a branch here: {known}, NAME of lower-case letters, digits and single dashes, at most {MAX_NAME}",
        then=f"try {better}",
    )


def slug(text: str) -> str:
    """The name nearest to a text."""
    found = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    found = re.sub(r"^[0-9-]+", "", found)
    return found[:MAX_NAME].strip("-") or "work"


def database_of(name: str) -> str:
    """The database of a worktree."""
    return f"dev_{name.replace('-', '_')}"
