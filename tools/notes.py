"""What the changelog says of one version: `python -m tools.notes v1.2.3`. A version that it does not know is an error."""

from __future__ import annotations

import re
import sys
from pathlib import Path

CHANGELOG = Path(__file__).parents[1] / "CHANGELOG.md"


def notes(changelog: str, version: str) -> str:
    """The section of a version, without its heading."""
    heading = re.compile(rf"^## \[?{re.escape(version)}\]?(?:[ (].*)?\n", re.MULTILINE)
    found = heading.search(changelog)
    if found is None:
        sys.exit(f"CHANGELOG.md has no section for {version}")
    section = re.split(r"^## ", changelog[found.end() :], maxsplit=1, flags=re.MULTILINE)[0].strip()
    return section or sys.exit(f"the section of {version} in CHANGELOG.md is empty")


if __name__ == "__main__":
    print(notes(CHANGELOG.read_text(encoding="utf-8"), sys.argv[1].removeprefix("v")))
