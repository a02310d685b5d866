"""Tags of releases, in the form that `tag_format` of commitizen gives them, and what comes after a hotfix."""

import re
from pathlib import Path

from service_devkit.project import tool
from service_devkit.workflow.command import Refused
from service_devkit.workflow.git import Git
from service_devkit.workflow.repository import Repository

_RELEASE = "just release --increment PATCH"


def form_of_tags(root: Path) -> re.Pattern[str]:
    """How a tag looks; the group is its version."""
    before, _, after = str(tool(root, "commitizen").get("tag_format", "v$version")).partition("$version")
    return re.compile(rf"{re.escape(before)}(\d.*){re.escape(after)}")


def version_of_tag(repository: Repository, tag: str) -> str:
    """The version in a tag.

    Raises:
        Refused: it is no tag of a release.
    """
    found = form_of_tags(repository.root).fullmatch(tag)
    if found is None:
        raise Refused(f"{tag} is no tag of a release", then="git tag --list; the form is tag_format of pyproject.toml")
    return found[1]


def patch_release(repository: Repository, tag: str, *, before: str, landed: str) -> str:
    """The commands that release a hotfix and nothing else: on main where nothing else came since the tag, else on the release branch.

    Args:
        tag: what the hotfix was started from.
        before: main before it.
    """
    git = repository.main_git
    found = form_of_tags(repository.main_root).fullmatch(tag)
    ours = _commits(git, f"{before}..{landed}")
    if found is None or _commits(git, f"{tag}..{landed}") == ours:
        return _RELEASE
    prefix, series = tag[: found.start(1)], ".".join(found[1].split(".")[:2])
    line = f"release/{prefix.removeprefix('v')}{series}"
    switch = f"git switch {line}" if git.has_branch(line) else f"git switch --create {line} {tag}"
    return f"{switch} && git cherry-pick {' '.join(each[:9] for each in ours)} && {_RELEASE}"


def _commits(git: Git, span: str) -> list[str]:
    return git.lines("rev-list", "--reverse", "--no-merges", span)
