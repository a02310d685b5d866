"""Credentials in the files and in the whole history: `devkit secrets`.

Looks for what has the shape of a credential (secrets.toml of this package, and [tool.secrets.shapes] of the service) in the files that git would take, and in all files and commit messages that
any branch or tag ever had. One that says itself that it is a fake, plainly or in base64, counts as none. Status 1 says that one was found,
75 that there is no whole history to look at: neither is a pass.
"""

import base64
import hashlib
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from itertools import filterfalse
from pathlib import Path
from typing import Final, NamedTuple

import click

from service_devkit.outcomes import leave
from service_devkit.project import tool

RULES: Final = Path(__file__).with_name("secrets.toml")
STRAY: Final = re.compile(r"(?:^|.*/)\.env(?:\.(?!example|sample|template)[\w.-]+)?")
FAKE: Final = re.compile(rb"fake|example|changeme", re.IGNORECASE)
# `git cat-file` says this of each object before it gives the object.
HEADER: Final = "%(objecttype) %(objectsize) %(objectname) %(rest)"

Patterns = Mapping[str, re.Pattern[bytes]]


class Finding(NamedTuple):
    """What looks like a credential, and where."""

    place: str
    rule: str
    secret: bytes

    @property
    def fingerprint(self) -> str:
        """What names the credential without telling it."""
        return hashlib.sha256(self.secret).hexdigest()[:16]

    def __str__(self) -> str:
        shown = self.secret[:6].decode(errors="replace")
        return f"{self.place}: {self.rule} {shown}..., fingerprint {self.fingerprint}"


def patterns(more: Mapping[str, object]) -> Patterns:
    """The shapes to look for: those of this package, and those that a service adds or replaces.

    Raises:
        click.ClickException: one of the service's is no regular expression.
    """
    shapes = {**tomllib.loads(RULES.read_text(encoding="utf-8")), **more}
    try:
        return {name: re.compile(str(shape).encode()) for name, shape in shapes.items()}
    except re.error as error:
        raise click.ClickException(f"[tool.secrets.shapes]: {error.pattern!r}: {error}") from None


def git(root: Path, *arguments: str) -> str:
    """What git answers; empty if it refuses."""
    done = subprocess.run(  # noqa: S603 - the commands are ours
        [shutil.which("git") or "git", *arguments], cwd=root, capture_output=True, check=False
    )
    return done.stdout.decode(errors="surrogateescape").strip()


def obstacle(root: Path) -> str | None:
    """Why there is no whole history to look at."""
    if shutil.which("git") is None:
        return "git is not on PATH"
    if not git(root, "rev-parse", "--git-dir"):
        return "git sees no repository here"
    if git(root, "rev-parse", "--is-shallow-repository") == "true":
        return "this clone has no history: git fetch --unshallow, or fetch-depth: 0 in CI"
    return None


def files(root: Path) -> Iterator[tuple[str, bytes]]:
    """The files that git has or would take, as they are now."""
    listed = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in sorted({*filter(None, listed.split("\0"))}):
        if (root / name).is_file():
            yield name, (root / name).read_bytes()


def history(root: Path) -> Iterator[tuple[str, bytes]]:
    """Every commit message, and every file in each of its states, on any branch or tag: of this folder, where others are beside it."""
    program = shutil.which("git") or "git"
    only = ["--", "."] if git(root, "rev-parse", "--show-prefix") else []
    listing = subprocess.Popen(  # noqa: S603 - the command is ours
        [program, "rev-list", "--objects", "--all", *only], cwd=root, stdout=subprocess.PIPE
    )
    reading = subprocess.Popen(  # noqa: S603 - as above
        [program, "cat-file", f"--batch={HEADER}"], cwd=root, stdin=listing.stdout, stdout=subprocess.PIPE
    )
    with listing, reading:
        if reading.stdout is None:
            raise RuntimeError("git cat-file has no output")
        for header in reading.stdout:
            kind, size, name, *path = f"{header.decode(errors='replace').rstrip()} ".split(" ", 3)
            content = reading.stdout.read(int(size) + 1)
            if kind != "tree":
                yield f"{''.join(path).rstrip() or kind} in {name[:12]}", content
    if listing.returncode or reading.returncode:
        raise click.ClickException("git cannot read the history: git fsck says what is missing")


def is_fake(secret: bytes) -> bool:
    """Whether it says so itself."""
    runs = re.findall(rb"[A-Za-z0-9+/]{4,}", secret)
    texts = (base64.b64decode(run[: len(run) // 4 * 4]) for run in runs)
    return any(FAKE.search(text) for text in (secret, *texts))


def scan(contents: Iterable[tuple[str, bytes]], shapes: Patterns) -> Iterator[Finding]:
    """What has one of the shapes, and files that are there to hold credentials."""
    for place, content in contents:
        if STRAY.fullmatch(place.partition(" in ")[0]) and content.strip():
            yield Finding(place, "environment-file", content)
        for rule, shape in shapes.items():
            for match in filterfalse(lambda match: is_fake(match[0]), shape.finditer(content)):
                line = content.count(b"\n", 0, match.start()) + 1
                yield Finding(f"{place}:{line}", rule, match[0])


def report(found: Iterable[Finding], allowed: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """What fails, each credential once, and what is only to be known."""
    first: dict[str, Finding] = {}
    for finding in found:
        first.setdefault(finding.fingerprint, finding)
    failures = [str(finding) for fingerprint, finding in first.items() if fingerprint not in allowed]
    failures += [
        f"the fingerprint {name} is allowed without a reason" for name, why in allowed.items() if not why.strip()
    ]
    return failures, [f"nothing has the allowed fingerprint {name}: remove it" for name in allowed if name not in first]


@click.command("secrets")
@click.option(
    "--root", type=click.Path(path_type=Path), default=Path(), help="The folder to look at, inside of a repository."
)
def secrets(root: Path) -> None:
    """Look for credentials in the files and in the history."""
    reason = obstacle(root)
    if reason and not git(root, "rev-parse", "--git-dir"):
        leave([], [], not_run=reason)
    allowed = {name: str(why) for name, why in tool(root, "secrets", "allow").items()}
    shapes = patterns(tool(root, "secrets", "shapes"))
    contents = (pair for source in (files(root), history(root)) for pair in source)
    failures, warnings = report(scan(contents, shapes), allowed)
    leave(failures, warnings, not_run=reason)
