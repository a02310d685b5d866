"""The contract of the last release, and the version that a breaking change asks for."""

import os
import re
import subprocess
from pathlib import Path

import click

from service_devkit.contract.document import parse
from service_devkit.contract.values import Node, mapping
from service_devkit.project import tool

_NOTHING_THERE = re.compile(
    "not a git repository|malformed object name|bad revision|invalid object name|does not exist in|exists on disk, but not in"
)
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def last_release(root: Path, *, before: str | None = None, at: str = "HEAD") -> str | None:
    """The highest tag of a release that this checkout (or what `at` names), or the parent of a tag, descends from; None before the first.

    Its form is `tag_format` of `[tool.commitizen]`, `v$version` when absent: in a repository of several projects each has its own tags.
    The highest, not the nearest: a merged release branch brings tags of lower versions.
    Tags such as v1.2.3-alpha.1 do not count: a pre-release promises nothing (semver.org 9).
    """
    commit = f"{before}^" if before else at
    tags = (_git(root, "tag", "--merged", commit) or "").splitlines()
    before_it, _, after_it = str(tool(root, "commitizen").get("tag_format", "v$version")).partition("$version")
    form = re.compile(re.escape(before_it) + _VERSION.pattern + re.escape(after_it))
    released = [found for tag in tags if (found := form.fullmatch(tag))]
    return max(released, key=lambda found: [int(part) for part in found.groups()])[0] if released else None


def is_shallow(root: Path) -> bool:
    """Whether this is a clone without its history, in which tags may be missing."""
    return (_git(root, "rev-parse", "--is-shallow-repository") or "").strip() == "true"


def contract_at(root: Path, tag: str, path: Path) -> Node | None:
    """The contract as it stood at a tag; None if there was none."""
    text = _git(root, "show", f"{tag}:./{path.relative_to(root).as_posix()}")
    return None if text is None else parse(text, name=f"{path.name} at {tag}")


def version_of(document: Node) -> str:
    """The version that a contract gives itself."""
    return str(mapping(document.get("info")).get("version"))


def allows_breaking(old: str, new: str) -> bool:
    """Whether the new version says that clients may break (semver.org 4 and 8): another major one, or before 1.0.0 another minor one."""
    before, after = _VERSION.match(old), _VERSION.match(new)
    if before is None or after is None:
        return False
    parts = 2 if after[1] == "0" else 1
    return [int(each) for each in after.groups()[:parts]] > [int(each) for each in before.groups()[:parts]]


def _git(root: Path, *arguments: str) -> str | None:
    """What git says; None if there is nothing to ask: no repository, no commit, no such tag or file. Any other failure is an error, or a gate would pass."""
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments
            ["git", *arguments],  # noqa: S607 - git from PATH
            cwd=root,
            env={**os.environ, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return None
    if done.returncode and not _NOTHING_THERE.search(done.stderr):
        raise click.ClickException(f"git {arguments[0]} failed: {done.stderr.strip() or done.returncode}")
    return None if done.returncode else done.stdout
