"""Runs a service's own CI file on this machine: its commands to the letter, each job on a fresh checkout.

What stands around the commands is played: checkout is a clone, the tools are on PATH, a `postgres` service is the embedded server on the port that the
file names, a `redis` service one on another port. What is not known here is an error, so that nothing is left out in silence.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from service_devkit.redis import ThrowawayRedis

from tests.project import Project, run
from tools.lock import uv

PLAYED_ACTIONS = {"actions/checkout", "actions/upload-artifact", "astral-sh/setup-uv"}
PULL_REQUEST = "github.event_name == 'pull_request'"
GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_BASE_REF": "main", "CI": "true"}
GITLAB_WORDS = {"stages", "variables", "workflow"}
# What is played, and what only says when, where and with which rights: everything else would change a job.
KNOWN: dict[str, set[object]] = {
    "workflow": {"name", True, "permissions", "concurrency", "jobs"},  # YAML reads `on` as true
    "job": {"name", "if", "needs", "runs-on", "timeout-minutes", "permissions", "services", "env", "steps"},
    "step": {"name", "uses", "with", "run"},
    "services": {"postgres", "redis"},
    "pipeline variables": {"GIT_DEPTH", "HOME", "GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_0", "GIT_CONFIG_VALUE_0"},
    "pipeline job": {
        *("extends", "stage", "needs", "rules", "interruptible", "timeout", "image", "services", "variables"),
        *("before_script", "script", "coverage", "artifacts"),
    },
}
POSTGRES = """
import asyncio, sys, asyncpg
from service_devkit.postgres.throwaway import ThrowawayCluster

port, password, database = sys.argv[1:]
cluster = ThrowawayCluster()
cluster.port = int(port)

async def prepare():
    connection = await asyncpg.connect(cluster.url())
    await connection.execute(f"ALTER USER CURRENT_USER PASSWORD '{password}'")
    await connection.execute(f"CREATE DATABASE {database}")
    await connection.close()

with cluster:
    asyncio.run(prepare())
    print("ready", flush=True)
    sys.stdin.read()
"""


@dataclass(frozen=True)
class Job:
    """A job of a CI file: its commands, the environment that they get, and its database server."""

    name: str
    commands: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    postgres: dict[str, str] = field(default_factory=dict)


def _refuse_unknown(kind: str, words: Iterable[object]) -> None:
    if unknown := set(words) - KNOWN[kind]:
        raise NotImplementedError(f"{kind}: {unknown} is not played here")


def github_jobs(workflow: Path) -> list[Job]:
    """The jobs of a GitHub workflow as a pull request runs them."""
    content = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    _refuse_unknown("workflow", content)
    jobs: dict[str, dict[str, Any]] = content["jobs"]
    return [_github_job(name, job) for name, job in jobs.items() if not _builds_image(job)]


def _builds_image(job: Mapping[str, Any]) -> bool:
    """Whether a job needs an engine for images, which is not here: the steps of the Dockerfile have tests of their own."""
    return "docker build" in str(job)


def _github_job(name: str, job: Mapping[str, Any]) -> Job:
    if job.get("if", PULL_REQUEST) != PULL_REQUEST:
        raise NotImplementedError(f"{name} runs only {job['if']}")
    _refuse_unknown("job", job)
    _refuse_unknown("services", job.get("services", {}))
    _refuse_unknown("step", (word for step in job["steps"] for word in step))
    service = job.get("services", {}).get("postgres", {})
    commands = [step["run"] for step in job["steps"] if "run" in step]
    unknown = {step["uses"].partition("@")[0] for step in job["steps"] if "uses" in step} - PLAYED_ACTIONS
    if unknown or "${{" in "".join(commands):
        raise NotImplementedError(f"{name} has what is not played here: {unknown or 'an expression'}")
    return Job(name, commands, GITHUB | job.get("env", {}), service.get("env", {}))


def gitlab_jobs(pipeline: Path) -> list[Job]:
    """The jobs of a GitLab pipeline as a merge request runs them."""
    content: dict[str, dict[str, Any]] = yaml.safe_load(pipeline.read_text(encoding="utf-8"))
    _refuse_unknown("pipeline variables", content.get("variables", {}))
    jobs = {
        name: content.get(job.get("extends", ""), {}) | job
        for name, job in content.items()
        if name not in GITLAB_WORDS and not name.startswith(".")
    }
    return [
        _gitlab_job(name, job)
        for name, job in jobs.items()
        # Those publish a release, ask the network, or wait for a change of other files.
        if not re.search("CI_COMMIT_TAG|schedule|changes", str(job.get("rules"))) and not _builds_image(job)
    ]


def _gitlab_job(name: str, job: Mapping[str, Any]) -> Job:
    _refuse_unknown("pipeline job", job if "script" in job else [name])
    _refuse_unknown("services", (service["alias"] for service in job.get("services", [])))
    variables: dict[str, str] = job.get("variables", {})
    environment = {key: value.replace("@postgres:", "@127.0.0.1:") for key, value in variables.items()}
    given = {"CI": "true", "CI_MERGE_REQUEST_DIFF_BASE_SHA": "origin/main"}
    database = variables if job.get("services") else {}
    return Job(name, [*job.get("before_script", []), *job["script"]], given | environment, database)


def perform(job: Job, origin: Path, folder: Path, commands: Path, **environment: str) -> str:
    """Run a job on a fresh checkout; what its commands printed, if one of them failed."""
    cloned = run("git", "clone", "--quiet", str(origin), str(folder), cwd=origin)
    if cloned.returncode:
        return cloned.stdout
    with ExitStack() as stack:
        if job.postgres:
            stack.enter_context(_postgres(job, Project(folder), commands))
        if "REDIS_URL" in job.environment:
            environment["REDIS_URL"] = stack.enter_context(ThrowawayRedis()).url
        for command in job.commands:
            given = {**_given(), **job.environment, **environment}
            done = run("bash", "-e", "-o", "pipefail", "-c", command, cwd=folder, **given)
            if done.returncode:
                return f"{job.name}: {command}\n{done.stdout}"
    return ""


def _given() -> dict[str, str]:
    """What the machines of a CI host have: uv on PATH, and the Python that the service asks for."""
    return {"PATH": f"{Path(uv()).parent}{os.pathsep}{os.environ['PATH']}", "UV_PYTHON": sys.executable}


@contextmanager
def _postgres(job: Job, checkout: Project, commands: Path) -> Iterator[None]:
    port = re.findall(r":(\d+)/", job.environment["DATABASE_URL"])[0]
    arguments = [
        commands / "python",
        "-c",
        POSTGRES,
        port,
        job.postgres["POSTGRES_PASSWORD"],
        job.postgres["POSTGRES_DB"],
    ]
    with subprocess.Popen(arguments, cwd=checkout.root, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        if server.stdout is None or server.stdout.readline() != b"ready\n":
            raise RuntimeError(f"PostgreSQL does not start on port {port}: is another server there?")
        yield
        server.communicate()
