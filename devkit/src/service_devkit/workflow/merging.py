"""A merge of main into a branch: known before it is made, with what is safe resolved, and the rest said by file and kind."""

import json
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from service_devkit.workflow import driver
from service_devkit.workflow.command import Refused
from service_devkit.workflow.git import Git

# `true` leaves our side: what uv writes is written again after the merge.
_ATTRIBUTES: Final = "\n".join(
    [
        *(f"*.{kind} merge=devkit" for kind in ("py", "yaml", "yml", "toml", "md", "example")),
        "uv.lock merge=devkit-ours",
        "",
    ]
)
_CONFLICT_STATUS: Final = 1
_SHOWN: Final = 12


@dataclass(frozen=True)
class Conflict:
    """A file that a person must look at. Each hunk is what stands on the branch, and what stands on main."""

    path: str
    kind: str
    hunks: list[tuple[str, str]] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.path}: {self.kind}"
        for ours, theirs in self.hunks[:3]:
            for side, text in (("this branch", ours), ("main", theirs)):
                lines = text.rstrip("\n").splitlines()
                yield from (f"    {side} | {line}" for line in lines[:_SHOWN])
                if len(lines) > _SHOWN:
                    yield f"    {side} | ... {len(lines) - _SHOWN} more lines"


@dataclass(frozen=True)
class Outcome:
    """What a merge does: the conflicts that are left, and the files in which some were resolved."""

    conflicts: list[Conflict]
    resolved: list[str]


def foresee(git: Git, ours: str, theirs: str) -> Outcome:
    """What the merge of two commits will do. Touches neither the files nor the index."""
    with _merging(git) as (merging, report):
        done = merging.run("merge-tree", "--write-tree", "--name-only", "-z", ours, theirs)
        if done.returncode > _CONFLICT_STATUS:
            raise Refused(f"git merge-tree failed: {done.stderr.strip()}", then="install git 2.38 or newer")
        return _outcome(done.stdout, report)


def merge(git: Git, commit: str, message: str) -> Outcome:
    """Merge a commit into what is checked out, without committing it. Conflicts stay in the files, between git's markers."""
    outcome = foresee(git, "HEAD", commit)
    with _merging(git) as (merging, _):
        done = merging.run("merge", "--no-commit", "--no-ff", "--no-stat", "-m", message, commit)
    if done.returncode and not is_merging(git):
        said = " ".join((done.stderr or done.stdout).split())
        raise Refused(f"git merge failed in {git.folder}: {said}", then="remove the cause, then devkit finish --resume")
    return outcome


def is_merging(git: Git) -> bool:
    """Whether a merge has begun that is not committed."""
    return git.commit("MERGE_HEAD") is not None


def unresolved(git: Git) -> list[str]:
    """The files that still have a conflict: no `git add` followed the solution, or a marker was left."""
    unmerged = git.lines("diff", "--name-only", "--diff-filter=U")
    changed = git.lines("diff", "--name-only", "HEAD", "--diff-filter=d")
    return sorted({*unmerged, *(name for name in changed if _has_marker(git.folder / name))})


def _has_marker(path: Path) -> bool:
    if not path.is_file():
        return False
    text = path.read_text(encoding="utf-8", errors="replace")
    return bool(re.search(r"^<{7} .*^={7}$.*^>{7} ", text, re.DOTALL | re.MULTILINE))


@contextmanager
def _merging(git: Git) -> Iterator[tuple[Git, Path]]:
    """git with our driver, and the file in which the driver says what it did. Nothing of it stays in the repository."""
    with TemporaryDirectory(prefix="devkit-merge-") as folder:
        report, attributes = Path(folder) / "report", Path(folder) / "attributes"
        attributes.write_text(_ATTRIBUTES)
        command = f"{shlex.join([sys.executable, '-I', str(driver.__file__)])} %O %A %B %P {shlex.quote(str(report))}"
        options = [
            f"core.attributesFile={attributes}",
            f"merge.devkit.driver={command}",
            "merge.devkit-ours.driver=true",
            "merge.conflictStyle=diff3",
        ]
        yield Git(git.folder, *(part for option in options for part in ("-c", option))), report


def _outcome(said: str, report: Path) -> Outcome:
    found = [json.loads(line) for line in report.read_text().splitlines()] if report.exists() else []
    by_path = {each["path"]: each for each in found}
    parts = iter(said.split("\0"))
    next(parts, None)  # the tree
    files = list(iter(lambda: next(parts, ""), ""))
    kinds = dict(_kinds(parts))
    conflicts = []
    for path in files:
        own = by_path.get(path, {})
        kind = own.get("problem") or kinds.get(path, "conflict")
        conflicts.append(Conflict(path, kind, [(ours, theirs) for ours, theirs in own.get("hunks", [])]))
    return Outcome(conflicts, sorted(each["path"] for each in found if each["solved"] and each["path"] not in files))


def _kinds(parts: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Path and kind of each message: a number of paths, the paths, a kind such as `CONFLICT (modify/delete)`, a text."""
    for number in parts:
        if not number.strip().isdecimal():
            return
        paths = [next(parts, "") for _ in range(int(number))]
        kind, text = next(parts, ""), next(parts, "")
        if kind.startswith("CONFLICT"):
            yield from ((path, f"{kind[10:-1]}: {_in_words(text)}") for path in paths)


def _in_words(text: str) -> str:
    """git's sentence, with names for the two commits."""
    sentence = re.sub(r"^CONFLICT \([^)]*\): ", "", " ".join(text.split()))
    return re.sub(r"\b[0-9a-f]{40}\b", "main", sentence).replace("HEAD", "this branch")
