"""What ruff finds in merged files, and in neither side of them: a text that parses may still use a name that main took away."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from service_devkit.workflow.git import Git
from service_devkit.workflow.merging import Conflict

_RUFF: Final = (sys.executable, "-m", "ruff", "check", "--output-format=json", "--force-exclude")
Findings = Mapping[str, Sequence[tuple[str, int, str]]]  # by file: rule, line, message


def lint_conflicts(git: Git) -> list[Conflict]:
    """The findings of a merge under way, one for each file, as a person must decide them. None where there is no ruff: the gates have their say."""
    changed = ("diff", "--name-only", "--diff-filter=AM")
    both = {*git.lines(*changed, "HEAD")} & {*git.lines(*changed, "MERGE_HEAD")}
    names = sorted(name for name in both if name.endswith(".py"))
    if not names:
        return []
    found = _findings(git.folder, names)
    return [
        Conflict(name, f"lint of the merged file: {'; '.join(new)}")
        for name, each in sorted(found.items())
        if (new := _new(git, name, each))
    ]


def _new(git: Git, name: str, found: Sequence[tuple[str, int, str]]) -> list[str]:
    """Findings of rules that were broken less often on either side."""
    sides = [Counter(_rules(git, name, git.text_at(commit, name) or "")) for commit in ("HEAD", "MERGE_HEAD")]
    now = Counter(rule for rule, _, _ in found)
    return [
        f"{rule} in line {line}, {message}"
        for rule, line, message in found
        if now[rule] > max(side[rule] for side in sides)
    ]


def _rules(git: Git, name: str, text: str) -> list[str]:
    found = _run(git.folder, ["--stdin-filename", name, "-"], text)
    return [rule for each in found.values() for rule, _, _ in each]


def _findings(folder: Path, names: Sequence[str]) -> Findings:
    return _run(folder, ["--", *names])


def _run(folder: Path, arguments: Sequence[str], text: str = "") -> Findings:
    done = subprocess.run(  # noqa: S603 - our own command
        [*_RUFF, *arguments], cwd=folder, input=text, capture_output=True, text=True, check=False
    )
    try:
        listed = json.loads(done.stdout)
    except ValueError:
        return {}
    found: dict[str, list[tuple[str, int, str]]] = {}
    for each in listed:
        name = Path(each["filename"]).resolve().relative_to(folder.resolve()).as_posix()
        found.setdefault(name, []).append((each["code"] or "syntax", each["location"]["row"], each["message"]))
    return found
