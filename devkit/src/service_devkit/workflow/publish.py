"""`devkit publish`: a release page for a tag that the remote has, by `gh` or `glab`, or the call that would make it."""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import click

from service_devkit.contract.release import last_release
from service_devkit.workflow.command import Refused, Result, WorkflowCommand, say
from service_devkit.workflow.files import replace_whole
from service_devkit.workflow.repository import Repository, find_repository
from service_devkit.workflow.tags import form_of_tags, version_of_tag

_URL: Final = re.compile(r"(?:\w+://)?(?:[^@/]+@)?(?P<host>[^:/]+)(?::\d+(?=/))?[:/](?P<path>.+?)(?:\.git)?/?")
FORGES: Final = ("github", "gitlab")


@dataclass(frozen=True)
class Forge:
    """Where the repository is hosted: `kind` is one of `FORGES`, `path` is owner and name."""

    kind: str
    host: str
    path: str


@dataclass(frozen=True)
class Page:
    """A release page."""

    forge: Forge
    tag: str
    notes: str
    is_pre_release: bool

    @property
    def title(self) -> str:
        """GitLab has no mark for a pre-release: its name says what it is."""
        return f"{self.tag} (pre-release)" if self.is_pre_release and self.forge.kind == "gitlab" else self.tag

    def body(self) -> dict[str, object]:
        """What the interface of the host takes."""
        if self.forge.kind == "gitlab":
            return {"tag_name": self.tag, "name": self.title, "description": self.notes}
        return {"tag_name": self.tag, "name": self.title, "body": self.notes, "prerelease": self.is_pre_release}

    def call(self, file: Path) -> str:
        """The same as a line of a shell (docs.github.com/rest/releases, docs.gitlab.com/api/releases)."""
        if self.forge.kind == "gitlab":
            address = f"https://{self.forge.host}/api/v4/projects/{quote(self.forge.path, safe='')}/releases"
            header = "PRIVATE-TOKEN: $GITLAB_TOKEN"
        else:
            api = "api.github.com" if self.forge.host == "github.com" else f"{self.forge.host}/api/v3"
            address = f"https://{api}/repos/{self.forge.path}/releases"
            header = "Authorization: Bearer $GITHUB_TOKEN"
        return f'curl --fail --header "{header}" --json @{shlex.quote(str(file))} {address}'

    def commands(self, program: str, notes: Path) -> tuple[list[str], list[str]]:
        """Ask for the page, and make it."""
        where = ["--repo", f"{self.forge.host}/{self.forge.path}"]
        if self.forge.kind == "gitlab":
            where = ["--repo", f"https://{self.forge.host}/{self.forge.path}"]
            made = [program, "release", "create", self.tag, *where, "--name", self.title, "--notes-file", str(notes)]
            return [program, "release", "view", self.tag, *where], made
        made = [program, "release", "create", self.tag, *where, "--verify-tag", "--title", self.title]
        made += ["--notes-file", str(notes), *(["--prerelease"] if self.is_pre_release else [])]
        return [program, "release", "view", self.tag, *where], made


@click.command(cls=WorkflowCommand)
@click.argument("tag", required=False)
@click.option("--dry-run", is_flag=True, help="Check all of it, print the notes, and publish nothing.")
def publish(tag: str | None, dry_run: bool) -> Result:
    """Publish the release of a tag on GitHub or GitLab, with what CHANGELOG.md says of it, by type of change.

    TAG is the one of this commit, or the last release when absent. The remote must have it, on the same commit. `gh` or `glab` makes the page; where
    neither is installed, the call that does is printed, and nothing is said to be published. A host whose address says neither github nor gitlab is named
    by forge = "github" or "gitlab" in [tool.devkit.workflow] of pyproject.toml.
    """
    repository = find_repository()
    name = tag or _tag_here(repository)
    commit = repository.git.commit(f"refs/tags/{name}")
    if commit is None:
        raise Refused(f"there is no tag {name}", then="just release makes the next one; git tag lists them")
    is_pre_release = "-" in version_of_tag(repository, name)
    page = Page(_forge(repository), name, _notes(repository, name), is_pre_release)
    _refuse_unpushed(repository, name, commit)
    facts = {
        "tag": name,
        "commit": commit,
        "host": page.forge.host,
        "pre_release": page.is_pre_release,
        "notes": page.notes,
    }
    if dry_run:
        return Result(
            {**facts, "dry_run": True, "published": False}, [f"{page.title} would be published:", "", page.notes]
        )
    address = _publish(repository, page)
    return Result(
        {**facts, "dry_run": False, "published": True, "address": address}, [f"{page.title} is published: {address}"]
    )


def _tag_here(repository: Repository) -> str:
    form = form_of_tags(repository.root)
    here = [each for each in repository.git.lines("tag", "--points-at", "HEAD") if form.fullmatch(each)]
    found = here[-1] if here else last_release(repository.root)
    if found is None:
        raise Refused("there is no release yet", then="just release")
    return found


def _forge(repository: Repository) -> Forge:
    """The host of the remote, by its address as it was typed."""
    remote, chosen = repository.settings.remote, repository.settings.forge
    url = repository.git.run("config", "--get", f"remote.{remote}.url").stdout.strip()
    if not url:
        raise Refused(f"there is no remote {remote}", then=f"git remote add {remote} ADDRESS")
    found = _URL.fullmatch(url)
    host, path = (found["host"], found["path"]) if found else ("", "")
    kind = chosen or next((each for each in FORGES if each in host), "")
    if kind not in FORGES or not path:
        raise Refused(
            f"{url} is neither on GitHub nor on GitLab, as far as its name says",
            then='forge = "github" or "gitlab" in [tool.devkit.workflow] of pyproject.toml',
        )
    return Forge(kind, host, path)


def _notes(repository: Repository, tag: str) -> str:
    """What CHANGELOG.md says of it, as it stood at the tag."""
    text = repository.git.text_at(tag, (repository.service / "CHANGELOG.md").as_posix()) or ""
    sections = re.split(r"(?m)^## ", text)
    found = next((each.partition("\n")[2].strip() for each in sections if each.split(maxsplit=1)[:1] == [tag]), "")
    if not found:
        raise Refused(f"CHANGELOG.md of {tag} has nothing under {tag}", then="make releases with: just release")
    return found


def _refuse_unpushed(repository: Repository, tag: str, commit: str) -> None:
    remote = repository.settings.remote
    done = repository.git.run("ls-remote", "--exit-code", remote, f"refs/tags/{tag}", f"refs/tags/{tag}^{{}}")
    if done.returncode not in (0, 2):  # 2: it answers, and has no such tag
        raise Refused(
            f"git ls-remote {remote} failed: {' '.join(done.stderr.split())}", then="run it again when it answers"
        )
    there = [line.split()[0] for line in done.stdout.splitlines()]
    if not there:
        branch = repository.git("branch", "--show-current") or repository.settings.main
        raise Refused(
            f"{tag} is not on {remote}, so it is not published",
            then=f"git push --atomic {remote} {branch} {tag}, then devkit publish {tag}",
        )
    if there[-1] != commit:
        raise Refused(
            f"{tag} is {commit[:9]} here and {there[-1][:9]} on {remote}",
            then=f"git fetch --tags --force {remote}, or make another release",
        )


def _publish(repository: Repository, page: Page) -> str:
    """Make the page, unless it is there; its address."""
    folder = repository.root / ".dev"
    notes, body = folder / f"{page.tag}.md", folder / f"{page.tag}.json"
    replace_whole(notes, page.notes + "\n")
    replace_whole(body, json.dumps(page.body(), indent=2) + "\n")
    name = "glab" if page.forge.kind == "gitlab" else "gh"
    program = shutil.which(name)
    if program is None:
        raise Refused(f"{page.tag} is not published: {name} is not installed", then=page.call(body))
    ask, make = page.commands(program, notes)
    address = (
        f"https://{page.forge.host}/{page.forge.path}/"
        + ("-/releases/" if name == "glab" else "releases/tag/")
        + page.tag
    )
    if _run(ask, repository.root).returncode == 0:
        say(f"{page.tag} is there already")
        return address
    done = _run(make, repository.root)
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())
        raise Refused(
            f"{page.tag} is not published: {name} says {said}", then=f"{name} auth login, or {page.call(body)}"
        )
    return address


def _run(command: Sequence[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - gh or glab from PATH
