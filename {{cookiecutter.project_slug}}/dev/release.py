"""`python -m dev release`: the next version, from the commits since the last one. docs/release.md"""

import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from service_devkit.contract.release import last_release

from dev.commits import commits_in
from dev.releases.git import RELEASE_BRANCH, current_branch, git, record, refuse_unready, tags
from dev.releases.notes import notes_of, with_section
from dev.releases.version import Stage, Version, following, parse, python_form, with_stage

ROOT: Final = Path(__file__).resolve().parents[1]
CHANGELOG: Final = "CHANGELOG.md"
# Where the version stands: the pattern of what comes before it and after it.
PLACES: Final = (
    ("contracts/openapi.yaml", r"(?m)(?<=^  version: ).+$"),
    ("app/core/project.py", r'(?m)(?<=^VERSION = ").+(?="$)'),
    ("pyproject.toml", r'(?m)(?<=^version = ").+(?="$)'),
    ("uv.lock", r'(?<=\nversion = ").+(?="\nsource = \{ virtual = "\." \})'),
)
IN_PYTHON_FORM: Final = ("pyproject.toml", "uv.lock")
CHECK: Final = (sys.executable, "-m", "dev", "check")


@dataclass(frozen=True)
class Plan:
    """A release that has not been made yet."""

    version: str
    notes: str
    stable: bool


def version_now(root: Path) -> str:
    """The version that the contract gives itself."""
    name, pattern = PLACES[0]
    found = re.search(pattern, (root / name).read_text(encoding="utf-8"))
    if found is None:
        raise click.ClickException(f"{name} has no version")
    return found[0].strip("\"'")


def plan(root: Path, stage: Stage | None) -> Plan:
    """The release that the commits since the last one for good ask for.

    Raises:
        click.ClickException: there is nothing to release, or it may not be released here.
    """
    last = last_release(root)
    commits = commits_in(root, f"{last}..HEAD" if last else "HEAD")
    if not commits:
        raise click.ClickException(f"Nothing was committed since {last}.")
    # The contract comes first: a version that somebody raised there is meant.
    promised = parse(version_now(root))
    core = max(following(parse(last), commits), promised) if last else promised
    version = with_stage(core, stage, tags(root))
    _refuse_version(root, core, version)
    return Plan(version, notes_of(commits), stable=stage is None)


def _refuse_version(root: Path, core: Version, version: str) -> None:
    if f"v{core}" in tags(root):
        raise click.ClickException(f"v{core} is released already: merge its release branch first.")
    branch, its_own = current_branch(root), f"release/{core.major}.{core.minor}"
    if RELEASE_BRANCH.fullmatch(branch) and branch != its_own:
        raise click.ClickException(f"{branch} is for corrections; its commits make {version}. Release that elsewhere.")
    if version == str(core) and git(root, "branch", "--no-merged", "HEAD", "--list", its_own):
        raise click.ClickException(f"{its_own} has commits that are not here: merge it first.")


def files_of(release: Plan) -> list[str]:
    """The files that a release changes."""
    places = [name for name, _ in PLACES]
    return [*places, CHANGELOG] if release.stable else places


def write(root: Path, release: Plan) -> None:
    """Put the version where it stands, and the notes of a version for good into the changelog."""
    for name, pattern in PLACES:
        version = python_form(release.version) if name in IN_PYTHON_FORM else release.version
        text, count = re.subn(pattern, version, (root / name).read_text(encoding="utf-8"))
        if count != 1:
            raise click.ClickException(f"{name} has {count} places for the version instead of one")
        (root / name).write_text(text, encoding="utf-8")
    if release.stable:
        heading = f"{release.version} ({datetime.now(UTC):%Y-%m-%d})"
        changelog = (root / CHANGELOG).read_text(encoding="utf-8")
        (root / CHANGELOG).write_text(with_section(changelog, heading, release.notes), encoding="utf-8")


def _refuse_red(root: Path) -> None:
    if subprocess.run(CHECK, cwd=root, check=False).returncode:  # noqa: S603 - a constant
        raise click.ClickException("A gate failed, see above: nothing was released.")


def _make(root: Path, release: Plan) -> list[str]:
    """Write, check and record; a release that a gate or git refuses leaves no trace, and other work alone."""
    files = files_of(release)
    try:
        write(root, release)
        _refuse_red(root)
        return record(root, release.version, files, stable=release.stable)
    except BaseException:  # Ctrl-C too
        git(root, "restore", "--staged", "--worktree", "--", *files)
        raise


@click.command()
@click.option("--pre", "stage", type=click.Choice(["alpha", "beta"]), help="A pre-release, to try: 1.3.0-alpha.1.")
@click.option("--dry-run", is_flag=True, help="Say version and notes, change nothing.")
def release(*, stage: Stage | None, dry_run: bool) -> None:
    """Make the next release here: version, changelog, commit, tag, release branch. Pushing is left to you."""
    planned = plan(ROOT, stage)
    click.echo(f"{planned.version}\n\n{planned.notes}\n")
    if dry_run:
        return
    refuse_unready(ROOT, main_branch(ROOT))
    pushed = _make(ROOT, planned)
    click.echo(f"Publish it: git push --atomic origin {' '.join(pushed)}")


def main_branch(root: Path) -> str:
    """The branch that releases are made on."""
    with (root / "pyproject.toml").open("rb") as file:
        branch: str = tomllib.load(file)["tool"]["release"]["branch"]
    return branch


@click.command()
@click.argument("tag")
def release_notes(tag: str) -> None:
    """Print what the release TAG, which is checked out, changed since the last one for good."""
    version = version_now(ROOT)
    if tag != f"v{version}":
        raise click.ClickException(f"{tag} is not the version of what it tags, {version}. Make tags with: just release")
    since = last_release(ROOT, before=tag)
    click.echo(notes_of(commits_in(ROOT, f"{since}..{tag}" if since else tag)))
