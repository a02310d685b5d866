"""The version that follows from the commits since the last release (semver.org)."""

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

from dev.commits import Commit

Stage = Literal["alpha", "beta"]


class Version(NamedTuple):
    """A version that is released for good: 1.2.3."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


def parse(text: str) -> Version:
    """The version in `v1.2.3`; that of `1.2.3-alpha.1` is what it leads to.

    Raises:
        ValueError: there is none.
    """
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", text)
    if found is None:
        raise ValueError(f"{text!r} is no version such as 1.2.3")
    return Version(*map(int, found.groups()))


def following(last: Version, commits: Iterable[Commit]) -> Version:
    """The next version. Before 1.0.0 a breaking change asks for a minor one only."""
    changes = list(commits)
    if last.major and any(commit.breaking for commit in changes):
        return Version(last.major + 1, 0, 0)
    if any(commit.breaking or commit.type == "feat" for commit in changes):
        return Version(last.major, last.minor + 1, 0)
    return last._replace(patch=last.patch + 1)


def with_stage(version: Version, stage: Stage | None, tags: Iterable[str]) -> str:
    """`1.3.0-alpha.2` where the tag `v1.3.0-alpha.1` is taken; the version itself without a stage."""
    if stage is None:
        return str(version)
    form = re.compile(rf"v{re.escape(str(version))}-{stage}\.(\d+)")
    taken = [int(found[1]) for tag in tags if (found := form.fullmatch(tag))]
    return f"{version}-{stage}.{max(taken, default=0) + 1}"


def python_form(version: str) -> str:
    """The version as Python's packaging spells it: `1.3.0a2`."""
    return version.replace("-alpha.", "a").replace("-beta.", "b")
