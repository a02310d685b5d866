"""What a finished change is: its commits, what it changes for callers, how to verify it, and the draft of a pull request."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import click

from service_devkit.contract.document import parse
from service_devkit.contract.operations import Operations, operations
from service_devkit.contract.values import canonical
from service_devkit.workflow.git import Git
from service_devkit.workflow.migrations import revisions_at
from service_devkit.workflow.registry import Worktree
from service_devkit.workflow.repository import Repository
from service_devkit.workflow.tasks import parse as parse_tasks

_TYPES: Final = {"feature": "feat", "fix": "fix", "refactor": "refactor", "hotfix": "fix"}
_HEADINGS: Final = {"feat": "Added", "fix": "Fixed", "refactor": "Changed inside", "test": "Tests", "docs": "Documents"}
_CONVENTIONAL: Final = re.compile(r"(\w+)(?:\([^)]*\))?!?: (.+)")


@dataclass(frozen=True)
class Summary:
    """Commits are `id subject`, oldest first; operations are `METHOD /path`."""

    branch: str
    commits: list[str]
    added: list[str]
    changed: list[str]
    removed: list[str]
    migrations: list[str]
    title: str
    body: str

    def facts(self) -> Mapping[str, object]:
        """For programs."""
        return {
            "branch": self.branch,
            "commits": self.commits,
            "operations": {"added": self.added, "changed": self.changed, "removed": self.removed},
            "migrations": self.migrations,
            "pull_request": {"title": self.title, "body": self.body},
        }

    def lines(self) -> list[str]:
        """For people."""
        commits = [f"  {each}" for each in self.commits]
        return [
            f"branch: {self.branch}",
            f"commits: {len(commits)}",
            *commits,
            "",
            "Draft of a pull request:",
            "",
            f"# {self.title}",
            "",
            self.body,
        ]


def summarize(repository: Repository, git: Git, worktree: Worktree, *, main: str, head: str) -> Summary:
    """Compare a finished branch with main as it was before."""
    commits = git.lines("log", "--reverse", "--no-merges", "--format=%h %s", f"{main}..{head}")
    before, after = (_operations(git, commit, worktree.service) for commit in (main, head))
    added, removed = sorted(after.keys() - before.keys()), sorted(before.keys() - after.keys())
    changed = sorted(name for name in before.keys() & after.keys() if canonical(before[name]) != canonical(after[name]))
    known = {each.id for each in revisions_at(git, main, worktree.service)}
    migrations = [each.path for each in revisions_at(git, head, worktree.service) if each.id not in known]
    title = f"{_TYPES.get(worktree.kind, 'feat')}: {worktree.title[:1].lower()}{worktree.title[1:]}"
    calls = {"Added": added, "Changed": changed, "Removed": removed}
    purpose = [*_specifications(git, worktree.service, main=main, head=head)]
    body = "\n".join([*purpose, *_body(commits, calls, migrations, repository.settings.gates)])
    return Summary(worktree.branch, commits, added, changed, removed, migrations, title, body)


def _specifications(git: Git, service: str, *, main: str, head: str) -> Iterator[str]:
    """The specifications that a branch adds: what people can do then, and how far their tasks are."""
    inside = f"{service}/specs/".removeprefix("./")
    span = ("diff", "--name-only", "--diff-filter=A", f"{main}...{head}")
    for path in git.lines(*span, "--", f":(top,glob){inside}*/plan.md"):
        text = git.text_at(head, path) or ""
        said = re.search(r"(?ms)^## What people can do[^\n]*\n(.*?)(?=^## |\Z)", text)
        tasks = parse_tasks(git.text_at(head, path.replace("plan.md", "tasks.md")) or "")
        done = f", {sum(each.done for each in tasks)} of {len(tasks)} tasks done" if tasks else ""
        why = [said[1].strip(), ""] if said and said[1].strip() else []
        yield from ("## Why", "", *why, f"Plan: `{path}`{done}.", "")


def _operations(git: Git, commit: str, service: str) -> Operations:
    """The contract's operations; none where there is no contract, or no valid one."""
    path = "contracts/openapi.yaml" if service == "." else f"{service}/contracts/openapi.yaml"
    text = git.text_at(commit, path)
    try:
        return operations(parse(text, name=path)) if text else {}
    except click.ClickException:
        return {}


def _body(commits: list[str], calls: Mapping[str, list[str]], migrations: list[str], gates: str) -> Iterator[str]:
    grouped: dict[str, list[str]] = {}
    for subject in (commit.partition(" ")[2] for commit in commits):
        found = _CONVENTIONAL.fullmatch(subject)
        grouped.setdefault(_HEADINGS.get(found[1] if found else "", "Other"), []).append(found[2] if found else subject)
    for heading, subjects in grouped.items():
        yield from (f"## {heading}", "", *(f"- {each}" for each in subjects), "")
    if any(calls.values()):
        yield from (
            "## Operations",
            "",
            *(f"- {kind}: `{name}`" for kind, found in calls.items() for name in found),
            "",
        )
    if migrations:
        yield from ("## Migrations", "", *(f"- `{name}`" for name in migrations), "")
    yield from ("## How to verify", "", f"1. `{gates}` is green.")
    tried = [*calls["Added"], *calls["Changed"]]
    if tried:
        yield f"2. `just dev`, then at /docs: {', '.join(f'`{name}`' for name in tried)}."
