"""Known vulnerabilities of every dependency in uv.lock, those for development included: `python -m dev.audit`.

A vulnerability with a fix fails, one without is a warning. A waiver in `[[tool.audit.waivers]]` of pyproject.toml turns a failure into a
warning until its date. Status 1 says that something failed, 75 that the audit could not run: neither is a pass.
"""

import os
import shutil
import subprocess
import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import click
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dev.outcomes import leave

ROOT: Final = Path(__file__).resolve().parents[1]
LONGEST_WAIVER: Final = timedelta(days=180)
SECONDS: Final = 60


class CouldNotRunError(Exception):
    """The audit has no answer; the message says why."""


class Waiver(BaseModel):
    """A vulnerability that is accepted until a day, and why."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    expires: date


class Dependency(BaseModel):
    """A package as it is locked."""

    name: str
    version: str


class Vulnerability(BaseModel):
    """What uv reports of one vulnerability."""

    dependency: Dependency
    id: str
    aliases: list[str]
    summary: str | None
    fix_versions: list[str]

    def __str__(self) -> str:
        fixes = f"fixed in {', '.join(self.fix_versions)}" if self.fix_versions else "no fix yet"
        return f"{self.dependency.name} {self.dependency.version}: {self.id}, {self.summary or 'no summary'}; {fixes}"


class Report(BaseModel):
    """The answer of `uv audit`."""

    vulnerabilities: list[Vulnerability]
    adverse_statuses: list[dict[str, object]]


def waivers(root: Path) -> list[Waiver]:
    """The waivers of a project; one without an id, a reason or a date is a ValidationError."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return [Waiver.model_validate(entry) for entry in project["tool"].get("audit", {}).get("waivers", [])]


def outdated(accepted: Iterable[Waiver], today: date) -> Iterator[str]:
    """What is wrong with the dates of the waivers."""
    for waiver in accepted:
        if waiver.expires <= today:
            yield f"the waiver of {waiver.id} expired on {waiver.expires}"
        elif waiver.expires > today + LONGEST_WAIVER:
            yield f"the waiver of {waiver.id} lasts longer than {LONGEST_WAIVER.days} days"


def ask(root: Path, service: str | None) -> Report:
    """Let uv look up the locked versions; raises CouldNotRunError where that gives no answer."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        raise CouldNotRunError("uv is not on PATH")
    command = [uv, "audit", "--preview-features", "audit-command,json-output", "--frozen", "--output-format", "json"]
    try:
        done = subprocess.run(  # noqa: S603 - the command is ours
            [*command, *(["--service-url", service] if service else [])],
            cwd=root,
            env={"UV_HTTP_RETRIES": "0", **os.environ},
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CouldNotRunError(f"no answer within {SECONDS} seconds") from None
    try:
        return Report.model_validate_json(done.stdout)
    except ValidationError:
        raise CouldNotRunError(done.stderr.strip() or "uv answered in a form that is not known here") from None


def judge(report: Report, accepted: Iterable[Waiver]) -> tuple[list[str], list[str]]:
    """What fails, and what is only to be known."""
    failures: list[str] = []
    warnings = [f"adverse status: {status}" for status in report.adverse_statuses]
    unused = {waiver.id: waiver for waiver in accepted}
    waived = dict(unused)
    for found in report.vulnerabilities:
        waiver = next((waived[name] for name in (found.id, *found.aliases) if name in waived), None)
        if waiver:
            unused.pop(waiver.id, None)
            warnings.append(f"{found}; waived until {waiver.expires}: {waiver.reason}")
        else:
            (failures if found.fix_versions else warnings).append(str(found))
    return failures, [*warnings, *(f"nothing is reported for the waiver of {name}: remove it" for name in unused)]


@click.command()
@click.option("--service-url", help="Ask this service instead of OSV.")
@click.option("--root", type=click.Path(path_type=Path), default=ROOT, help="The project with the lock.")
def audit(service_url: str | None, root: Path) -> None:
    """Look for known vulnerabilities in the locked dependencies."""
    try:
        accepted = waivers(root)
    except ValidationError as error:
        raise click.ClickException(f"[[tool.audit.waivers]] in pyproject.toml: {error}") from None
    failures = list(outdated(accepted, datetime.now(UTC).date()))
    warnings: list[str] = []
    reason = None
    try:
        found, warnings = judge(ask(root, service_url), accepted)
        failures += found
    except CouldNotRunError as error:
        reason = str(error)
    leave(failures, warnings, not_run=reason)


if __name__ == "__main__":
    audit(prog_name="python -m dev.audit")
