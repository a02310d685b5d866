"""What a release changed, by type, from its commits; and its place in CHANGELOG.md."""

from collections.abc import Callable, Sequence
from typing import Final

from dev.commits import Commit

# Each commit stands under the first heading that takes it. What callers do not see is left out.
_HEADINGS: Final[tuple[tuple[str, Callable[[Commit], bool]], ...]] = (
    ("Breaking", lambda commit: commit.breaking),
    ("Added", lambda commit: commit.type == "feat"),
    ("Corrected", lambda commit: commit.type == "fix"),
    ("Faster", lambda commit: commit.type == "perf"),
    ("Taken back", lambda commit: commit.type == "revert"),
)
_NOTHING: Final = "Nothing that callers see."


def notes_of(commits: Sequence[Commit]) -> str:
    """The changes under their headings, the oldest first."""
    parts = [f"### {heading}\n\n{lines}" for heading, _ in _HEADINGS if (lines := _lines(heading, commits))]
    return "\n\n".join(parts) or _NOTHING


def _lines(heading: str, commits: Sequence[Commit]) -> str:
    return "\n".join(f"- {commit.summary}" for commit in reversed(commits) if _heading_of(commit) == heading)


def _heading_of(commit: Commit) -> str | None:
    return next((heading for heading, takes in _HEADINGS if takes(commit)), None)


def with_section(changelog: str, heading: str, notes: str) -> str:
    """The changelog with a new section before those of earlier versions."""
    preface, mark, earlier = changelog.partition("\n## ")
    return f"{preface.rstrip()}\n\n## {heading}\n\n{notes}\n{mark}{earlier}"
