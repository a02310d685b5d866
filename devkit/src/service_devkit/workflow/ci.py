"""`devkit ci`: the jobs of the CI file, each in a clean clone of what is committed."""

import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click
import yaml

from service_devkit.contract.values import Json, mapping, sequence
from service_devkit.outcomes import NOT_RUN
from service_devkit.workflow.command import Refused, Result, WorkflowCommand, progress_to_stderr, say
from service_devkit.workflow.git import Git
from service_devkit.workflow.repository import Repository, find_repository

_GITHUB: Final = Path(".github/workflows/ci.yml")
_GITLAB: Final = Path(".gitlab-ci.yml")
_PULL_REQUEST: Final = "github.event_name == 'pull_request'"
# A developer's own: what a service reads its settings from, or finds another environment by.
_NOT_OURS: Final = re.compile(r"(?:VIRTUAL_ENV|PYTHONPATH|UV_PROJECT_ENVIRONMENT|GIT_.*|[A-Z_]*(?:DATABASE|REDIS|DIRECT)_URL|PORT|HOST|ENVIRONMENT|DEBUG|LOG_.*)")  # fmt: skip
_COMPARES: Final = re.compile("GITHUB_BASE_REF|CI_MERGE_REQUEST_DIFF_BASE_SHA")
_STDERR: Final = 2


@dataclass(frozen=True)
class Job:
    """What a job runs. `not_here` says why it cannot run on a developer's machine."""

    name: str
    commands: Sequence[str]
    environment: Mapping[str, str]
    not_here: str = ""


@dataclass(frozen=True)
class Ran:
    """How a job ended: `ok`, `failed` or `not run`."""

    job: str
    state: str
    seconds: float
    why: str = ""

    def line(self) -> str:
        """For people."""
        return f"{self.state:8} {self.seconds:4.0f} s  {self.job}{f': {self.why}' if self.why else ''}"


@click.command(cls=WorkflowCommand)
@click.argument("names", metavar="[JOB]...", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Say what would run, and run nothing.")
def ci(names: tuple[str, ...], dry_run: bool) -> Result:
    """Run what the CI runs for a change: every job of its file, or those that are named, each in a clean clone of what is committed.

    Files that were not committed, settings of your .env and your environment are not there, so what passes here and fails in CI shows. Databases and
    caches that the CI starts beside a job are those of the tests themselves. A job that builds an image or needs the host is NOT RUN.
    """
    repository = find_repository()
    jobs = jobs_of(repository)
    if unknown := {*names} - {each.name for each in jobs}:
        raise Refused(f"there is no job {', '.join(sorted(unknown))}", then=f"name some of: {', '.join(each.name for each in jobs)}")  # fmt: skip
    chosen = [each for each in jobs if not names or each.name in names]
    if dry_run:
        return Result({"dry_run": True, "jobs": [asdict(each) for each in chosen]}, [*_planned(chosen)])
    if changed := repository.git.changes():
        say(f"{len(changed)} files are not as committed, and are not tried: {', '.join(changed[:3])}")
    ran = [_perform(repository, each) for each in chosen]
    facts = {"dry_run": False, "jobs": [asdict(each) for each in ran]}
    if failed := [each for each in ran if each.state == "failed"]:
        raise Refused(
            f"{', '.join(each.job for each in failed)} failed",
            then=f"correct it, git commit, then devkit ci {failed[0].job}",
            details=[each.line() for each in ran],
            facts=facts,
        )
    return Result(facts, [each.line() for each in ran])


def jobs_of(repository: Repository) -> list[Job]:
    """The jobs of the CI file, as a change runs them; the gates where there is no such file."""
    if (path := repository.top / _GITHUB).exists():
        return [*_github(_read(path), repository.settings.main)]
    if (path := repository.top / _GITLAB).exists():
        return [*_gitlab(_read(path), repository.settings.main)]
    return [Job("check", [repository.settings.setup, repository.settings.gates], {})]


def _read(path: Path) -> Mapping[str, Json]:
    try:
        return mapping(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise Refused(f"{path} is no YAML: {' '.join(str(error).split())}", then="correct it") from None


def _github(content: Mapping[str, Json], main: str) -> Iterator[Job]:
    given = {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_BASE_REF": main}
    for name, node in mapping(content.get("jobs")).items():
        job = mapping(node)
        commands = [str(mapping(step)["run"]) for step in sequence(job.get("steps")) if "run" in mapping(step)]
        condition = job.get("if", _PULL_REQUEST)
        reason = "" if condition == _PULL_REQUEST else f"it runs only if {condition}"
        reason = reason or ("it calls another workflow" if "uses" in job else "")
        environment = {} if job.get("services") else mapping(job.get("env"))
        yield _job(name, commands, {**given, **_texts(environment)}, reason)


def _gitlab(content: Mapping[str, Json], main: str) -> Iterator[Job]:
    given = {"CI": "true", "CI_MERGE_REQUEST_DIFF_BASE_SHA": f"origin/{main}"}
    for name, node in content.items():
        parent = mapping(content.get(str(mapping(node).get("extends"))))
        job = {**parent, **mapping(node)}
        if name.startswith(".") or "script" not in job:
            continue
        commands = [str(each) for each in [*sequence(job.get("before_script")), *sequence(job["script"])]]
        only = re.search("CI_COMMIT_TAG|schedule|changes", str(job.get("rules", "")))
        environment = {} if job.get("services") else mapping(job.get("variables"))
        reason = "it runs for tags, on schedule or for some files only" if only else ""
        yield _job(name, commands, {**given, **_texts(environment)}, reason)


def _texts(environment: Mapping[str, Json]) -> dict[str, str]:
    return {name: str(value) for name, value in environment.items()}


def _job(name: str, commands: Sequence[str], environment: Mapping[str, str], reason: str) -> Job:
    whole = "\n".join([*commands, *environment.values()])
    reason = reason or ("it builds an image" if "docker build" in whole else "")
    reason = reason or ("it has an expression of the host" if "${{" in whole else "")
    return Job(name, commands, environment, reason)


def _planned(jobs: Sequence[Job]) -> Iterator[str]:
    for each in jobs:
        yield f"{each.name}: {f'not run, {each.not_here}' if each.not_here else ''}".rstrip()
        yield from (f"    {command}" for command in each.commands)


def _perform(repository: Repository, job: Job) -> Ran:
    if job.not_here:
        return Ran(job.name, "not run", 0, job.not_here)
    main, base = repository.settings.main, _base(repository)
    if _COMPARES.search("\n".join(job.commands)) and base == repository.git.commit("HEAD"):
        return Ran(job.name, "not run", 0, f"nothing is committed since {main}")
    started = time.monotonic()
    with TemporaryDirectory(prefix="devkit-ci-") as folder:
        clone = Path(folder) / repository.main_top.name
        repository.git("clone", "--quiet", str(repository.top), str(clone))
        Git(clone)("update-ref", f"refs/remotes/origin/{main}", base)  # as the host has it
        for command in job.commands:
            say(f"{job.name}: {command}")
            status = _run(command, clone / repository.service, job.environment)
            if status:
                state = "not run" if status == NOT_RUN else "failed"
                return Ran(job.name, state, time.monotonic() - started, f"{command} ended with status {status}")
    return Ran(job.name, "ok", time.monotonic() - started)


def _base(repository: Repository) -> str:
    """The commit that a change is compared with: main of the remote, or the one here."""
    settings, git = repository.settings, repository.git
    found = git.commit(f"refs/remotes/{settings.remote}/{settings.main}") or git.commit(f"refs/heads/{settings.main}")
    return found or git("rev-parse", "HEAD")


def _run(command: str, folder: Path, environment: Mapping[str, str]) -> int:
    kept = {name: value for name, value in os.environ.items() if not _NOT_OURS.fullmatch(name)}
    output = _STDERR if progress_to_stderr() else None
    given = {**kept, "PWD": str(folder), **environment}
    return subprocess.run(["sh", "-e", "-c", command], cwd=folder, env=given, stdout=output, check=False).returncode  # noqa: S603, S607 - the service's own CI file
